"""Ten thousand slow clients that occupy connections, and a hundred normal clients that must be served."""

import itertools
import signal
import socket
import time
import unittest

from clients import Clients
from served import (SANITIZED, ReliabilityServer, SlowClients, need_backlog, need_descriptors, percentile, scaled,
                    show)

ATTACKERS = scaled(10_000)
HONEST = 100
PERIOD = 0.2  # seconds between two requests of a normal client
REQUEST = b"work 0 " + 200 * b"x" + b"\n"
SOURCES = [f"127.0.1.{i}" for i in range(1, HONEST + 1)]
LONGEST = 0.25  # seconds for 99 % of the requests; ten times the latency without an attack is also accepted


def milliseconds(delays):
    return f"{1e3 * percentile(delays, 50):.2f} ms (99 %: {1e3 * percentile(delays, 99):.2f} ms)"


class Conversation:
    """Clients that keep sending requests."""

    def __init__(self, clients):
        self._clients = clients
        self._asked_at = {}
        self._next = itertools.cycle(clients)

    def measure(self, seconds):
        """Sends requests for `seconds`; returns the latencies of the answers."""
        delays = []
        end = time.monotonic() + seconds
        due = time.monotonic()
        while (now := time.monotonic()) < end:
            if now >= due:
                due = now + PERIOD / len(self._clients)
                self._ask(next(self._next))
            for client in self._clients.poll(due - time.monotonic()):
                self._note(client, delays)
        return delays

    def _ask(self, client):
        if client in self._asked_at:
            return  # the last answer is still pending; its whole latency is counted
        self._asked_at[client] = time.monotonic()
        client.received = b""
        client.send(REQUEST)

    def _note(self, client, delays):
        if client.has_ended:
            raise AssertionError(f"a normal client was disconnected: {client.failure!r}")
        if client in self._asked_at and client.received.endswith(b"\n"):
            delays.append(client.received_at - self._asked_at.pop(client))


class SlowClientsTest(unittest.TestCase):
    def setUp(self):
        need_descriptors(ATTACKERS + HONEST + 200)
        need_backlog(1024)

    def assert_normal(self, under_attack, quiet):
        if not SANITIZED:
            self.assertLess(percentile(under_attack, 99), max(LONGEST, 10 * percentile(quiet, 99)))

    def test_fault_25_ten_thousand_slow_clients_do_not_delay_others_and_are_disconnected(self):
        with (ReliabilityServer("--max-connections", str(ATTACKERS + HONEST + 100), "--minimum-receive-rate", "50",
                                "--receive-rate-window", "5") as server,
              Clients(server.port, HONEST) as honest):
            conversation = Conversation(honest)
            quiet = conversation.measure(3)
            with SlowClients(server.port, "127.0.0.2", ATTACKERS) as attackers:
                while b"connected" not in attackers.output_so_far("stdout"):
                    conversation.measure(0.1)
                attacked = conversation.measure(3)
                busy = server.ask_stats()
                self.assertGreater(busy["active"] + busy["timed_out"], ATTACKERS + HONEST)

                began = time.monotonic()
                while server.ask_stats()["timed_out"] < ATTACKERS:
                    self.assertLess(time.monotonic() - began, 40)
                    conversation.measure(0.1)
                took = time.monotonic() - began
                conversation.measure(1)
            self.assert_normal(attacked, quiet)
            now = server.ask_stats()
            self.assertEqual((now["timed_out"], now["active"]), (ATTACKERS, HONEST + 1))
            show(f"{HONEST} clients wait for an answer for {milliseconds(quiet)}, beside "
                f"{busy['active'] - HONEST - 1} slow ones for {milliseconds(attacked)}; {ATTACKERS} disconnected "
                f"within {took + 3:.1f} s")

    def connect_and_ask(self, server, times):
        """Connects a new client every 10 ms; returns the time from connect to answer of each."""
        delays = []
        for i in range(times):
            began = time.monotonic()
            with socket.socket() as client:
                client.bind((SOURCES[i % HONEST], 0))
                client.settimeout(20)
                client.connect(("127.0.0.1", server.port))
                client.sendall(REQUEST)
                answer = b""
                while not answer.endswith(b"\n"):
                    part = client.recv(4096)
                    self.assertTrue(part, "an honest client was not admitted")
                    answer += part
            delays.append(time.monotonic() - began)
            time.sleep(max(0, 0.01 - delays[-1]))
        return delays

    def test_fault_25_ten_thousand_slow_clients_from_one_address_do_not_prevent_others_from_connecting(self):
        most, per_peer = 2000, 500
        with ReliabilityServer("--max-connections", str(most), "--max-connections-per-peer", str(per_peer)) as server:
            quiet = self.connect_and_ask(server, 300)
            with SlowClients(server.port, "127.0.0.2", ATTACKERS, "reconnect") as attackers:
                attackers.wait_for(b"connected", "stdout")
                attacked = self.connect_and_ask(server, 300)
                busy = server.ask_stats()
                self.assertGreaterEqual(busy["rejected"], ATTACKERS - per_peer)
                self.assertLessEqual(busy["active"], per_peer + 2)
                self.assertGreaterEqual(busy["active"], per_peer)
                rejected = attackers.result()["ended"]
            server.send_signal(signal.SIGTERM)
            report = server.report()
            self.assertGreaterEqual(report["rejected"], rejected)
            self.assert_normal(attacked, quiet)
            show(f"new clients wait for an answer for {milliseconds(quiet)}, beside {ATTACKERS} slow ones from one "
                f"address, of which {per_peer} are admitted and {busy['rejected']} were rejected, for "
                f"{milliseconds(attacked)}")


if __name__ == "__main__":
    unittest.main()
