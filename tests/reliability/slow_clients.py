"""slow_clients.py PORT SOURCE COUNT [reconnect]: connects COUNT times to the server on PORT from the address SOURCE;
every other connection then sends a byte every now and then, the rest nothing, so that each occupies the server for as
long as it lets them. Says `connected` when all are, and, when its standard input has ended, as JSON how many the server
has ended. With `reconnect`, these try again and again, a thousand a second."""

import json
import select
import sys
import time

from clients import Clients

BYTES_A_SECOND = 2500  # of all of them
BEAT = 0.02  # seconds
RECONNECTS_A_BEAT = 20


def wait_for_connections(clients):
    clients.run_until(lambda each: each.is_connected)
    print("connected", flush=True)


def reconnect_some(clients, first):
    """Looks at the next thousand; gives with which to go on, and how many it has had connect again."""
    again = 0
    for which in range(first, first + 1000):
        if again == RECONNECTS_A_BEAT:
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
            end = time.monotonic() + BEAT
            for _ in range(int(BYTES_A_SECOND * BEAT)):
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
