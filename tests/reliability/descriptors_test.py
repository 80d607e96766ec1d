"""A server without free descriptors: accepting pauses until descriptors are available, and no client is lost."""

import signal
import socket
import time
import unittest

from clients import Clients
from served import ReliabilityServer, need_backlog, need_descriptors, show

CLIENTS = 1000
STARVED_FOR = 3  # seconds during which the CPU time is measured


class NoDescriptors(unittest.TestCase):
    def starve(self, server, clients):
        """Waits until the descriptors are exhausted, and then measures the CPU time of the server."""
        for i, client in enumerate(clients):
            client.send(b"work 0 %d\n" % i)
        deadline = time.monotonic() + 20
        while (now := server.stats())["accept_back_offs"] < 3:
            self.assertLess(time.monotonic(), deadline, now)
            clients.run_for(0.02)
        self.assertLess(now["active"], CLIENTS)

        before = server.cpu_time(), server.stats()["accept_back_offs"]
        clients.run_for(STARVED_FOR)
        used = server.cpu_time() - before[0]
        now = server.stats()
        answered = sum(each.lines() for each in clients)
        self.assertEqual(answered, now["active"] - 1, "all but the operator")
        self.assertLess(used, 0.01 * STARVED_FOR)
        show(f"{CLIENTS - answered} clients wait for descriptors: {1e3 * used:.2f} ms of CPU time in "
            f"{STARVED_FOR} s ({100 * used / STARVED_FOR:.3f} %), {now['accept_back_offs'] - before[1]} back-offs")

    def check_end(self, server, clients):
        server.close_stats_connection()
        clients.close()
        server.send_signal(signal.SIGTERM)
        report = server.report()
        self.assertEqual((report["accepted"], report["served"]), (CLIENTS + 1, CLIENTS + 1))
        self.assertEqual((report["bytes_received"], report["bytes_sent"]),
                         (clients.sent() + server.stats_sent, clients.received() + server.stats_received))

    def run_with_few_descriptors(self, then):
        need_descriptors(CLIENTS + 100)
        need_backlog(CLIENTS)
        with ReliabilityServer() as server:
            server.stats()
            server.limit_descriptors(256)
            with Clients(server.port, CLIENTS) as clients:
                self.starve(server, clients)
                then(server, clients)
                for i, client in enumerate(clients):
                    self.assertEqual(client.received, b"%d\n" % i)
                self.check_end(server, clients)

    def test_fault_01_a_server_without_descriptors_uses_no_cpu_time_and_continues_when_the_limit_is_raised(self):
        def then(server, clients):
            server.limit_descriptors(CLIENTS + 100)
            clients.run_until(lambda each: each.lines() == 1)

        self.run_with_few_descriptors(then)

    def test_fault_01_a_server_without_descriptors_serves_waiting_clients_when_others_leave(self):
        def then(server, clients):
            def answered_or_left(client):
                if client.lines() == 1:
                    client.socket.shutdown(socket.SHUT_WR)
                    return True
                return False

            clients.run_until(answered_or_left)

        self.run_with_few_descriptors(then)


if __name__ == "__main__":
    unittest.main()
