"""Sends a file from one process to another with Python: socket.sendfile, and recv_into and write."""
import json
import os
import resource
import socket
import sys
import time


def cpu_seconds(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def receive(peer, target):
    buffer = memoryview(bytearray(256 * 1024))
    while size := peer.recv_into(buffer):
        target.write(buffer[:size])


def main(source, target):
    near, far = tcp_pair()
    begin = time.perf_counter()
    before = cpu_seconds(resource.RUSAGE_SELF)
    sender = os.fork()
    if sender == 0:
        far.close()
        with open(source, "rb") as file:
            near.sendfile(file)
        near.shutdown(socket.SHUT_WR)
        os._exit(0)
    near.close()
    with open(target, "wb", buffering=0) as file:
        receive(far, file)
    taken = time.perf_counter() - begin
    os.waitpid(sender, 0)
    print(json.dumps({"seconds": taken, "sender_cpu": cpu_seconds(resource.RUSAGE_CHILDREN),
                      "receiver_cpu": cpu_seconds(resource.RUSAGE_SELF) - before, "bytes": os.path.getsize(target)}))


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        return near, listener.accept()[0]


main(*sys.argv[1:])
