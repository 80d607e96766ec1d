"""short_connections.py PORT SOURCE [COUNT]: connects to the reliability server from the address SOURCE, sends a
request, receives the answer and closes, a few connections at a time, COUNT times or until its standard input ends.
Prints a line after each thousand connections, and at the end, as JSON, the number of answers, the failures, the bytes
sent and received, and the longest time in seconds between connecting and the answer."""

import json
import select
import socket
import sys
import time

from clients import IP_BIND_ADDRESS_NO_PORT

AT_A_TIME = 8

port, source = int(sys.argv[1]), sys.argv[2]
count = int(sys.argv[3]) if len(sys.argv) > 3 else None
result = {"answered": 0, "failures": [], "sent": 0, "received": 0, "longest": 0}


def connect():
    connection = socket.socket()
    connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", port))
    return connection


def talk(first, size):
    """Makes `size` concurrent connections, which request the numbers from `first` on."""
    begun = []
    for number in range(first, first + size):
        at = time.monotonic()
        step = "connect"
        try:
            connection = connect()
            step = "send"
            connection.sendall(b"work 0 %d\n" % number)
            result["sent"] += len(b"work 0 %d\n" % number)
            begun.append((connection, b"%d\n" % number, at))
        except OSError as e:
            result["failures"].append(f"{step}: {e!r}")
    for connection, expected, at in begun:
        with connection:
            try:
                answer = connection.recv(100)
            except OSError as e:
                result["failures"].append(f"receive: {e!r}")
                continue
        if answer == expected:
            result["answered"] += 1
            result["received"] += len(answer)
            result["longest"] = max(result["longest"], time.monotonic() - at)
        else:
            result["failures"].append(f"{answer!r} instead of {expected!r}")


def is_to_go_on(done):
    if count is not None:
        return done < count
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return not readable


done = 0
while is_to_go_on(done):
    size = AT_A_TIME if count is None else min(AT_A_TIME, count - done)
    talk(done, size)
    done += size
    if done % 1000 == 0:
        print(done, flush=True)
result["failures"] = result["failures"][:5] + ["…"] * (len(result["failures"]) > 5)
print(json.dumps(result), flush=True)
