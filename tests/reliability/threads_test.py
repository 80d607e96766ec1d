"""A server with several threads."""

import signal
import unittest
from collections import Counter

from clients import Clients
from served import ReliabilityServer, need_backlog, need_descriptors, show

CLIENTS = 4000
THREADS = 4


class Threads(unittest.TestCase):
    def test_connections_are_spread_over_the_threads(self):
        need_descriptors(CLIENTS + 100)
        need_backlog(CLIENTS)
        with (ReliabilityServer("--threads", str(THREADS)) as server, Clients(server.port, CLIENTS) as clients):
            for client in clients:
                client.send(b"thread\n")
            clients.run_until(lambda each: each.lines() == 1)
            each_has = Counter(int(client.received) for client in clients)
            show(f"{CLIENTS} connections on {THREADS} threads: {dict(sorted(each_has.items()))}")
            self.assertEqual(sorted(each_has), list(range(THREADS)))
            for count in each_has.values():  # the standard deviation is 27
                self.assertAlmostEqual(count, CLIENTS / THREADS, delta=300)

            clients.close()
            server.send_signal(signal.SIGTERM)
            report = server.report()
            self.assertEqual((report["accepted"], report["served"]), (CLIENTS, CLIENTS))


if __name__ == "__main__":
    unittest.main()
