"""slow_clients.py PORT SOURCE COUNT [reconnect]: opens COUNT connections to the server on PORT from the address SOURCE,
of which every other one sends single bytes at long intervals, and the rest nothing. Prints `connected` when all are
connected, and at the end of its standard input, as JSON, how many connections the server has closed. With `reconnect`,
closed connections are opened again, a thousand per second."""

import json
import select
import sys
import time

from clients import Clients

BYTES_PER_SECOND = 2500  # of all connections together
INTERVAL = 0.02  # seconds
RECONNECTS_A_INTERVAL = 20


def wait_for_connections(clients):
    clients.run_until(lambda each: each.is_connected)
    print("connected", flush=True)


def reconnect_some(clients, first):
    """Checks the next thousand connections; returns where to continue, and how many were opened again."""
    again = 0
    for which in range(first, first + 1000):
        if again == RECONNECTS_A_INTERVAL:
            return which % len(clients), again
        if clients[which % len(clients)].has_ended:
            clients.reconnect(which % len(clients))
            again += 1
    return (first + 1000) % len(clients), again


def main(port, source, count, reconnects):
    reconnected = turn = looked_at = 0
    with Clients(port, count, (source,)) as clients:
        wait_for_connections(clients)
        while not select.select([sys.stdin], [], [], 0)[0]:
            end = time.monotonic() + INTERVAL
            for _ in range(int(BYTES_PER_SECOND * INTERVAL)):
                if not clients[turn].has_ended:
                    clients[turn].send(b"w")
                turn = (turn + 2) % count
            clients.run_for(end - time.monotonic())
            if reconnects:
                looked_at, again = reconnect_some(clients, looked_at)
                reconnected += again
        ended = reconnected + sum(each.has_ended for each in clients)
    print(json.dumps({"ended": ended}), flush=True)


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), "reconnect" in sys.argv[4:])
