# The tutorial's time server. Changed: the port is an argument, and the server prints the address it listens on.
import sys
from socket import socket, AF_INET, SOCK_DGRAM
import time


def time_server(address):
    sock = socket(AF_INET, SOCK_DGRAM)
    sock.bind(address)
    print("listening on %s:%d" % sock.getsockname(), flush=True)

    while True:
        msg, addr = sock.recvfrom(8192)
        print("Get message from", addr)
        resp = time.ctime()
        sock.sendto(resp.encode("ascii"), addr)


if __name__ == "__main__":
    time_server(("localhost", int(sys.argv[1])))
