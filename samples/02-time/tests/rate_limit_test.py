"""How time_server bears more questions than it should answer."""

import contextlib
import os
import re
import signal
import socket
import struct
import threading
import time
import unittest

from programs import PATIENCE, Server, run
from questions import Asker, ask

HONEST = "127.255.255.254"  # an address from which no flood comes


def address(number):
    """One of the sixteen million that loopback has: 127.1.0.0 and those that follow."""
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def flood(port, first, count):
    """One datagram from each of `count` addresses. Every hundredth one waits until it is answered, so that the server
    has seen those before it, too."""
    for number in range(first, first + count):
        with Asker(port, source=address(number)) as sender:
            sender.insist() if number % 100 == 99 else sender.send(b"")


class RateLimit(unittest.TestCase):
    def test_fault_39_a_flood_from_many_sources_takes_no_memory_and_no_answer_from_others(self):
        # Freed memory, which AddressSanitizer would keep for a while, is none of the server's.
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

    def test_fault_39_one_flooding_source_gets_no_more_than_the_limit_whatever_its_ports(self):
        rate = 50
        for threads in ("1", "4"):
            with (self.subTest(threads=threads),
                  Server("time_server", "--rate-limit", str(rate), "--threads", threads) as server,
                  contextlib.ExitStack() as stack):
                began = time.monotonic()
                askers = [stack.enter_context(Asker(server.port)) for _ in range(20)]
                for _ in range(500):
                    for each in askers:
                        each.send(b"")
                stack.enter_context(Asker(server.port, source=HONEST)).insist()
                server.send_signal(signal.SIGTERM)
                status, _, log = server.wait()
                elapsed = time.monotonic() - began

                self.assertEqual(status, 0)
                answers = sum(each.count_answers() for each in askers)
                self.assertLessEqual(answers, rate + rate * elapsed)
                self.assertGreaterEqual(answers, rate)
                self.assertIn(b": more than 50 a second\n", log)
                self.assertLessEqual(log.count(b"no answer to"), 1 + elapsed / 10)

    def test_fault_39_while_there_is_no_room_for_more_sources_others_get_no_answer(self):
        room = 20
        with (Server("time_server", "--rate-limit", "1", "--max-connections", str(room)) as server,
              contextlib.ExitStack() as stack):
            began = time.monotonic()
            askers = [stack.enter_context(Asker(server.port, source=address(i))) for i in range(200)]
            for each in askers:
                each.send(b"")
            server.wait_for(b"no answer to ", "stderr")
            log = server.wait_for(b": 20 others ask at the same time\n", "stderr")
            self.assertEqual(log.count(b"no answer to "), 1)
            server.send_signal(signal.SIGTERM)
            server.wait()
            elapsed = time.monotonic() - began
            answers = sum(each.count_answers() for each in askers)
            self.assertLessEqual(answers, room * (1 + int(elapsed)))
            self.assertGreaterEqual(answers, room // 2)

    def test_a_source_is_answered_again_after_a_while(self):
        with Server("time_server", "--rate-limit", "2", "--quiet") as server, Asker(server.port) as asker:
            asker.ask()
            asker.ask()
            asker.insist()  # each question that is not answered costs nothing

    def test_without_a_limit_every_question_is_answered(self):
        with Server("time_server", "--rate-limit", "0", "--quiet") as server, Asker(server.port) as asker:
            for _ in range(1000):
                asker.ask()

    def test_a_quiet_server_does_not_even_tell_of_floods(self):
        with Server("time_server", "--rate-limit", "1", "--quiet") as server:
            with Asker(server.port) as asker, Asker(server.port, source=HONEST) as honest:
                for _ in range(100):
                    asker.send(b"")
                honest.insist()
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[::2], (0, b""))

    def test_a_flood_does_not_keep_a_signal_from_ending_the_server(self):
        with Server("time_server", "--quiet") as server:
            over = threading.Event()

            def pour():
                with Asker(server.port) as asker:
                    while not over.is_set():
                        with contextlib.suppress(ConnectionRefusedError):  # once the server has gone
                            asker.send(b"")

            pouring = threading.Thread(target=pour)
            pouring.start()
            try:
                with Asker(server.port, source=HONEST) as honest:
                    honest.insist()
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait()[0], 0)
            finally:
                over.set()
                pouring.join(PATIENCE)

    def test_an_answer_that_cannot_be_sent_does_not_end_the_server(self):
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except OSError as e:
            self.skipTest(f"no raw sockets: {e}")
        with raw, Server("time_server") as server:
            header = struct.pack("!HHHH", 0, server.port, 8, 0)  # RFC 768: from port 0, and without a checksum
            for _ in range(50):
                raw.sendto(header, ("127.0.0.1", 0))
            self.assertTrue(ask(server.port))
            log = server.wait_for(b"answered 127.0.0.1:", "stderr")
            if b"sendto" not in log:
                self.skipTest("the system lets nothing come from port 0")
            self.assertEqual(re.findall(rb"^(.*sendto.*)$", log, re.MULTILINE), [b"sendto 127.0.0.1:0: invalid argument"])


if __name__ == "__main__":
    unittest.main()
