"""The rate limit of time_server, and its behaviour under floods of requests."""

import contextlib
import os
import re
import signal
import socket
import struct
import threading
import time
import unittest

from programs import TIMEOUT, Server, run
from time_requests import TimeClient, request_time

HONEST = "127.255.255.254"  # an address that sends no flood


def address(number):
    """Returns one of the 16 million loopback addresses: 127.1.0.0 for 0, and so on."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def flood(port, first, count):
    """Sends one datagram from each of `count` addresses. Every hundredth sender waits for its answer, so that the
    server has received the datagrams before it."""
    for number in range(first, first + count):
        with TimeClient(port, source=address(number)) as sender:
            sender.request_until_answered() if number % 100 == 99 else sender.send(b"")


class RateLimit(unittest.TestCase):
    def test_fault_39_a_flood_from_many_sources_uses_no_memory_and_other_clients_are_answered(self):
        # Memory that AddressSanitizer keeps in quarantine is not memory of the server.
        no_quarantine = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
        with Server("time_server", "--quiet", env={**os.environ, "ASAN_OPTIONS": no_quarantine}) as server:
            flood(server.port, 0, 2_000)
            before = server.memory()
            flooding = threading.Thread(target=flood, args=(server.port, 2_000, 30_000))
            flooding.start()
            while flooding.is_alive():
                ended = run("time_client", "--port", str(server.port), "--timeout", "0.5", "--tries", "20")
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            flooding.join()
            self.assertLess(server.memory() - before, 1 << 20)  # 35 bytes for each of the sources

    def test_fault_39_one_source_gets_no_more_answers_than_the_limit_from_any_number_of_ports(self):
        rate = 50
        for threads in ("1", "4"):
            with (self.subTest(threads=threads),
                  Server("time_server", "--rate-limit", str(rate), "--threads", threads) as server,
                  contextlib.ExitStack() as stack):
                began = time.monotonic()
                clients = [stack.enter_context(TimeClient(server.port)) for _ in range(20)]
                for _ in range(500):
                    for each in clients:
                        each.send(b"")
                stack.enter_context(TimeClient(server.port, source=HONEST)).request_until_answered()
                server.send_signal(signal.SIGTERM)
                status, _, log = server.wait()
                elapsed = time.monotonic() - began

                self.assertEqual(status, 0)
                answers = sum(each.count_answers() for each in clients)
                self.assertLessEqual(answers, rate + rate * elapsed)
                self.assertGreaterEqual(answers, rate)
                self.assertIn(b": more than 50 per second (--rate-limit)\n", log)
                self.assertLessEqual(log.count(b"ignored a datagram from"), 1 + elapsed / 10)

    def test_fault_39_new_sources_are_not_answered_while_the_table_is_full(self):
        room = 20
        with (Server("time_server", "--rate-limit", "1", "--max-connections", str(room)) as server,
              contextlib.ExitStack() as stack):
            began = time.monotonic()
            clients = [stack.enter_context(TimeClient(server.port, source=address(i))) for i in range(200)]
            for each in clients:
                each.send(b"")
            server.wait_for(b"ignored a datagram from ", "stderr")
            log = server.wait_for(b": 20 other sources are active (--max-connections)\n", "stderr")
            self.assertEqual(log.count(b"ignored a datagram from "), 1)
            server.send_signal(signal.SIGTERM)
            server.wait()
            elapsed = time.monotonic() - began
            answers = sum(each.count_answers() for each in clients)
            self.assertLessEqual(answers, room * (1 + int(elapsed)))
            self.assertGreaterEqual(answers, room // 2)

    def test_a_source_is_answered_again_when_its_bucket_refills(self):
        with Server("time_server", "--rate-limit", "2", "--quiet") as server, TimeClient(server.port) as client:
            client.request()
            client.request()
            client.request_until_answered()  # an unanswered request takes no token

    def test_without_a_limit_every_request_is_answered(self):
        with Server("time_server", "--rate-limit", "0", "--quiet") as server, TimeClient(server.port) as client:
            for _ in range(1000):
                client.request()

    def test_a_quiet_server_logs_nothing_during_a_flood(self):
        with Server("time_server", "--rate-limit", "1", "--quiet") as server:
            with TimeClient(server.port) as client, TimeClient(server.port, source=HONEST) as honest:
                for _ in range(100):
                    client.send(b"")
                honest.request_until_answered()
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[::2], (0, b""))

    def test_a_signal_ends_the_server_during_a_flood(self):
        with Server("time_server", "--quiet") as server:
            over = threading.Event()

            def flood_forever():
                with TimeClient(server.port) as client:
                    while not over.is_set():
                        with contextlib.suppress(ConnectionRefusedError):  # when the server has exited
                            client.send(b"")

            flooding = threading.Thread(target=flood_forever)
            flooding.start()
            try:
                with TimeClient(server.port, source=HONEST) as honest:
                    honest.request_until_answered()
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait()[0], 0)
            finally:
                over.set()
                flooding.join(TIMEOUT)

    def test_an_answer_that_cannot_be_sent_does_not_end_the_server(self):
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except OSError as e:
            self.skipTest(f"raw sockets are not available: {e}")
        with raw, Server("time_server") as server:
            header = struct.pack("!HHHH", 0, server.port, 8, 0)  # RFC 768: source port 0, no checksum
            for _ in range(50):
                raw.sendto(header, ("127.0.0.1", 0))
            self.assertTrue(request_time(server.port))
            log = server.wait_for(b"answered 127.0.0.1:", "stderr")
            if b"sendto" not in log:
                self.skipTest("this system drops datagrams from port 0")
            self.assertEqual(re.findall(rb"^(.*sendto.*)$", log, re.MULTILINE), [b"sendto 127.0.0.1:0: invalid argument"])


if __name__ == "__main__":
    unittest.main()
