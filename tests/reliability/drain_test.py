"""SIGTERM while a thousand requests are pending."""

import signal
import time
import unittest

from clients import Clients
from served import ReliabilityServer, eventually, need_backlog, need_descriptors, scaled, show

CLIENTS = scaled(1000)
LONG = 3600  # seconds


class Drain(unittest.TestCase):
    def setUp(self):
        need_descriptors(CLIENTS + 100)
        need_backlog(CLIENTS)

    def send_all(self, server, clients, durations):
        """Sends a request of `durations[i]` seconds from each client i; returns when the server has read them all."""
        for i, client in enumerate(clients):
            client.send(b"work %d %d\n" % (1000 * durations[i], i))

        def all_have_come():
            clients.run_for(0)
            return server.stats()["bytes_received"] == clients.sent() + server.stats_sent

        clients.run_until(lambda each: not each.unsent and each.sent)
        eventually(all_have_come, "all requests have come")

    def connect_all(self, server):
        clients = Clients(server.port, CLIENTS)
        eventually(lambda: server.stats()["active"] == CLIENTS + 1, "all are connected")
        return clients

    def signal_while_busy(self, server, clients, durations):
        """Asserts that the requests are pending when the signal is sent."""
        began = time.monotonic()
        self.send_all(server, clients, durations)
        self.assertEqual(server.stats()["active"], CLIENTS + 1)
        server.send_signal(signal.SIGTERM)
        if time.monotonic() - began > min(durations) / 2:
            self.skipTest("the machine is too slow to have so many requests pending at the same time")

    def check_bytes(self, server, clients, report):
        self.assertEqual((report["bytes_received"], report["bytes_sent"]),
                         (clients.sent() + server.stats_sent, clients.received() + server.stats_received))

    def test_fault_43_each_of_a_thousand_pending_requests_is_answered_before_the_server_exits(self):
        for threads in (1, 2):
            with (self.subTest(threads=threads),
                  ReliabilityServer("--drain", "30", "--threads", str(threads)) as server,
                  self.connect_all(server) as clients):
                durations = [2 + 1.5 * i / CLIENTS for i in range(CLIENTS)]
                self.signal_while_busy(server, clients, durations)
                signaled = time.monotonic()
                server.wait_for(b"draining", "stderr", threads)  # connections that end earlier do not count as drained
                server.close_stats_connection()
                clients.run_until(lambda each: each.has_ended)
                for i, client in enumerate(clients):
                    self.assertEqual((client.received, client.failure), (b"%d\n" % i, None))
                last = time.monotonic() - signaled
                clients.close()
                report = server.report()
                self.assert_counts(report, accepted=CLIENTS + 1, served=CLIENTS + 1, drained=CLIENTS + 1)
                self.check_bytes(server, clients, report)
                show(f"{CLIENTS} requests pending at SIGTERM, {threads} thread(s): all answered, the last after "
                    f"{last:.2f} s; exited {time.monotonic() - signaled - last:.3f} s later; {report}")

    def test_fault_43_clients_without_an_answer_at_the_end_of_the_drain_time_are_disconnected_and_counted(self):
        with ReliabilityServer("--drain", "4") as server, self.connect_all(server) as clients:
            durations = [2 if i % 2 == 0 else LONG for i in range(CLIENTS)]
            self.signal_while_busy(server, clients, durations)
            signaled = time.monotonic()
            server.wait_for(b"draining", "stderr")
            server.close_stats_connection()
            clients.run_until(lambda each: each.has_ended)
            for i, client in enumerate(clients):
                self.assertEqual(client.received, b"%d\n" % i if i % 2 == 0 else b"")
            clients.close()
            report = server.report()
            took = time.monotonic() - signaled
            self.assertGreater(took, 3.9)
            answered, unanswered = CLIENTS // 2 + 1, CLIENTS // 2
            self.assert_counts(report, accepted=CLIENTS + 1, served=answered, drained=answered, aborted=unanswered)
            self.check_bytes(server, clients, report)
            show(f"{unanswered} of {CLIENTS} requests exceed the drain time of 4 s: disconnected, exited "
                 f"after {took:.2f} s; {report}")

    def assert_counts(self, report, **counts):
        """Asserts the given counts; all others must be 0."""
        of_connections = {each: count for each, count in report.items() if not each.startswith("bytes_")}
        self.assertEqual(of_connections, dict.fromkeys(of_connections, 0) | counts)

    def test_fault_44_a_second_signal_kills_a_busy_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with (self.subTest(number=number), ReliabilityServer("--drain", str(LONG)) as server,
                  self.connect_all(server) as clients):
                self.send_all(server, clients, [LONG] * CLIENTS)
                server.send_signal(signal.SIGTERM)
                server.wait_for(b"draining", "stderr")
                signaled = time.monotonic()
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)
                show(f"a second signal ({number.name}), {CLIENTS} requests pending: "
                    f"exited after {1e3 * (time.monotonic() - signaled):.1f} ms with status {status}")


if __name__ == "__main__":
    unittest.main()
