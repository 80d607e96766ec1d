"""Ten thousand clients that connect at the same time."""

import signal
import time
import unittest

from clients import Clients
from served import SANITIZED, ReliabilityServer, need_backlog, need_descriptors, percentile, scaled, show

CLIENTS = scaled(10_000)
SOURCES = tuple(f"127.0.0.{i}" for i in range(2, 10))


def request_of(client):
    return b"work 0 %d\n" % client.which


def try_again(clients, again):
    """Returns a function that replaces a client that was reset. When thousands of SYNs are retransmitted, Linux 6.18
    takes about one of 100,000 for a second connection, and resets the client although the first connection was accepted
    and possibly answered. The server notices this later, or not at all."""
    def replace(client):
        again.append(client.which)
        replacement = clients.reconnect(client.which)
        replacement.unsent = request_of(replacement)
        return replacement
    return replace


class Rush(unittest.TestCase):
    def setUp(self):
        need_descriptors(CLIENTS + 100)
        need_backlog(CLIENTS // 4)  # clients beyond the kernel's queue retransmit their SYN a second later

    def check_rush(self, *arguments, stopped=False):
        with ReliabilityServer(*arguments) as server:
            before = server.memory()
            if stopped:
                server.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            with Clients(server.port, CLIENTS, SOURCES) as clients:
                connecting = time.monotonic() - began
                server.send_signal(signal.SIGCONT)
                for client in clients:
                    client.unsent = request_of(client)
                again = []
                clients.run_until(lambda each: each.lines() == 1, replace=stopped and try_again(clients, again))
                took = time.monotonic() - began
                held = server.memory() - before
                for i, client in enumerate(clients):
                    self.assertEqual(client.received, b"%d\n" % i)
                delays = [client.received_at - began for client in clients]
            server.send_signal(signal.SIGTERM)
            report = server.report()
        self.assertGreaterEqual(report["accepted"], CLIENTS)
        self.assertLessEqual(report["accepted"] - report["served"], CLIENTS // 1000 if stopped else 0)
        if not again:
            self.assertEqual((report["bytes_received"], report["bytes_sent"]), (clients.sent(), clients.received()))
        if not SANITIZED:
            self.assertLess(held, 8 * 1024 * CLIENTS)
        show(f"{CLIENTS} connects within {connecting:.2f} s {arguments}{', server stopped' if stopped else ''}: all "
            f"answered within {took:.2f} s (half of them {percentile(delays, 50):.2f} s), {held / 1024:.0f} KiB of "
            f"memory, {held / CLIENTS:.0f} bytes each")

    def test_fault_10_each_of_ten_thousand_concurrent_clients_is_answered(self):
        self.check_rush()

    def test_fault_10_each_of_ten_thousand_concurrent_clients_is_answered_by_two_threads(self):
        self.check_rush("--threads", "2")

    def test_fault_10_clients_that_connect_while_the_backlog_is_full_are_answered(self):
        self.check_rush(stopped=True)


if __name__ == "__main__":
    unittest.main()
