"""time_server and time_client, tested with each other and with the tutorial's Python programs."""

import ast
import contextlib
import datetime
import os
import socket
import subprocess
import sys
import threading
import time
import unittest

from programs import TIMEOUT, PythonServer, Server, file_beside, run
from time_requests import Clock, TimeClient, request_time

ZONES = ("UTC", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", "America/St_Johns",
         "CET-1CEST,M3.5.0,M10.5.0/3", "<+1245>-12:45")
PYTHON_SERVERS = ("time_server.py", "time_socketserver.py")


def client(port, *arguments):
    return run("time_client", "--port", str(port), *arguments)


class FakeServer:
    """A server socket that `talk(socket)` handles on a separate thread. For use in a `with` block."""

    def __init__(self, talk):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(TIMEOUT)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=talk, args=(self._socket,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(TIMEOUT)
        self._socket.close()


@contextlib.contextmanager
def silent_port():
    """A port that receives datagrams and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def refusing_port():
    """A port whose datagrams the kernel refuses. The bound socket keeps the port from being used by another program."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.connect(("127.0.0.1", 1))  # from now on the kernel refuses datagrams from other addresses
        yield bound.getsockname()[1]


class Time(unittest.TestCase):
    # The answers

    def test_the_answer_has_the_format_of_ctime(self):
        with Server("time_server") as server:
            clock = Clock()
            answer = request_time(server.port).decode("ascii")
            self.assertIn(answer, clock.times())

    def test_the_answer_is_in_local_time(self):
        for zone in ZONES:
            with self.subTest(zone), Server("time_server", env={**os.environ, "TZ": zone}) as server:
                clock = Clock(zone)
                answer = request_time(server.port).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_the_answer_is_in_english_in_every_locale(self):
        for locale in ("de_DE.UTF-8", "ja_JP.UTF-8", "C.UTF-8"):
            with self.subTest(locale), Server("time_server", env={**os.environ, "LC_ALL": locale}) as server:
                clock = Clock()
                answer = request_time(server.port).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_the_iso_format_can_be_parsed_and_contains_the_offset_from_utc(self):
        offsets = {"UTC": "+00:00", "Asia/Kolkata": "+05:30", "<-0330>3:30": "-03:30", "CET-1": "+01:00"}
        for zone, offset in offsets.items():
            with self.subTest(zone):
                with Server("time_server", "--format", "iso", env={**os.environ, "TZ": zone}) as server:
                    clock = Clock()
                    answer = request_time(server.port).decode("ascii")
                    self.assertRegex(answer, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")
                    self.assertEqual(answer[-6:], offset)
                    self.assertIn(datetime.datetime.fromisoformat(answer).timestamp(), clock.seconds())

    def test_the_epoch_format_is_a_number_of_seconds(self):
        with Server("time_server", "--format", "epoch") as server:
            clock = Clock()
            answer = request_time(server.port)
            self.assertRegex(answer, rb"^\d+$")
            self.assertIn(int(answer), clock.seconds())

    def test_an_empty_datagram_is_answered(self):
        with Server("time_server") as server:
            clock = Clock()
            answer = request_time(server.port, b"").decode("ascii")
            self.assertIn(answer, clock.times())

    def test_a_datagram_with_any_content_is_answered(self):
        with Server("time_server") as server:
            for request in (b"\0", bytes(range(256)), b"\xff" * 9000, os.urandom(60000)):
                clock = Clock()
                answer = request_time(server.port, request).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_a_client_that_is_gone_before_its_answer_arrives_does_not_affect_others(self):
        with Server("time_server") as server:
            for _ in range(50):
                with TimeClient(server.port) as client:
                    client.send(b"")
            self.assertTrue(request_time(server.port))

    def test_the_server_logs_each_answer(self):
        with Server("time_server") as server, TimeClient(server.port) as client:
            client.request()
            server.wait_for(b"answered 127.0.0.1:%d\n" % client.getsockname()[1], "stderr")

    def test_an_ipv6_server_answers_ipv4_clients_too(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"IPv6 is not available: {e}")
        with Server("time_server", "--host", "::") as server:
            self.assertRegex(server.greeting, r"^listening on \[::\]:[1-9][0-9]*$")
            for host in ("::1", "127.0.0.1"):
                clock = Clock()
                ended = client(server.port, "--host", host)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                self.assertIn(ended.stdout.decode().rstrip("\n"), clock.times())

    def test_several_threads_share_one_port(self):
        with Server("time_server", "--threads", "4", "--rate-limit", "0") as server, contextlib.ExitStack() as stack:
            clock = Clock()
            clients = [stack.enter_context(TimeClient(server.port)) for _ in range(64)]
            for each in clients:
                each.send(b"hello")
            answers = {each.recv(65536).decode("ascii") for each in clients}
            self.assertLessEqual(answers, set(clock.times()))

    # With each other, and with the tutorial's programs

    def test_the_client_works_with_the_server(self):
        with Server("time_server") as server:
            clock = Clock()
            ended = client(server.port)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertIn(ended.stdout.decode(), [each + "\n" for each in clock.times()])

    def test_the_client_works_with_the_tutorials_servers(self):
        for program in PYTHON_SERVERS:
            with self.subTest(program), PythonServer(file_beside(__file__, program)) as server:
                clock = Clock()
                ended = client(server.port)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                self.assertIn(ended.stdout.decode(), [each + "\n" for each in clock.times()])

    def test_the_tutorials_client_works_with_the_server(self):
        with Server("time_server") as server:
            clock = Clock()
            ended = subprocess.run([sys.executable, str(file_beside(__file__, "time_client.py")), str(server.port)],
                                   capture_output=True, timeout=TIMEOUT)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            answer, sender = ast.literal_eval(ended.stdout.decode())
            self.assertIn(answer.decode("ascii"), clock.times())
            self.assertEqual(sender, ("127.0.0.1", server.port))

    def test_the_client_resolves_a_name(self):
        for family, *_, (address, *_) in socket.getaddrinfo("localhost", 0, type=socket.SOCK_DGRAM):
            try:
                socket.create_server((address, 0), family=family).close()
            except OSError:
                continue  # the name has an address that is not available on this machine
            with self.subTest(address), Server("time_server", "--host", address) as server:
                ended = client(server.port, "--host", "localhost")
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    # The client: answers, lost datagrams, servers that do not answer

    def test_the_count_option_sets_the_number_of_requests(self):
        with Server("time_server") as server:
            ended = client(server.port, "--count", "5")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(len(ended.stdout.splitlines()), 5)

    def test_the_client_sends_hello_and_prints_the_answer_escaped_on_one_line(self):
        requests = []

        def talk(server):
            request, sender = server.recvfrom(65536)
            requests.append(request)
            server.sendto(b"ten o'clock\n\x1b[2J\0 caf\xc3\xa9 \\", sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        self.assertEqual(ended.stdout, rb"ten o'clock\n\x1b[2J\x00 caf\xc3\xa9 \\" + b"\n")
        self.assertEqual(requests, [b"hello"])

    def test_an_empty_answer_is_accepted(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"", sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"\n", b""))

    def test_a_long_answer_is_printed_whole(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"x" * 60000, sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"x" * 60000 + b"\n", b""))

    def test_the_client_sends_again_when_its_request_is_lost(self):
        def talk(server):
            server.recvfrom(65536)
            _, sender = server.recvfrom(65536)
            server.sendto(b"noon", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--timeout", "0.2", "--tries", "2")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"noon\n", b""))

    def test_a_late_answer_is_not_taken_for_the_answer_to_another_request(self):
        def talk(server):
            _, first = server.recvfrom(65536)
            server.sendto(b"one", first)
            _, second = server.recvfrom(65536)
            if second != first:  # in rare cases the kernel chooses the same port again
                server.sendto(b"late", first)
            server.sendto(b"two", second)

        with FakeServer(talk) as server:
            ended = client(server.port, "--count", "2")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"one\ntwo\n", b""))

    def test_an_answer_from_another_address_is_ignored(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
                attacker.sendto(b"forged", sender)
            server.sendto(b"real", sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"real\n", b""))

    def assert_client_gives_up(self, port, tries, each, reason=""):
        began = time.monotonic()
        ended = client(port, "--timeout", str(each), "--tries", str(tries))
        elapsed = time.monotonic() - began
        word = "try" if tries == 1 else "tries"
        self.assertEqual(
            (ended.returncode, ended.stdout, ended.stderr.decode()),
            (1, b"", f"time_client: no answer from 127.0.0.1:{port}{reason} after {tries} {word} of {each} s\n"))
        self.assertGreaterEqual(elapsed, tries * each)

    def test_the_client_gives_up_when_no_answer_arrives(self):
        with silent_port() as port:
            self.assert_client_gives_up(port, 3, 0.2)
            self.assert_client_gives_up(port, 1, 0.5)

    def test_a_refused_client_keeps_trying_and_reports_the_refusal_at_the_end(self):
        with refusing_port() as port:
            self.assert_client_gives_up(port, 3, 0.2, " (connection refused)")
            self.assert_client_gives_up(port, 1, 1, " (connection refused)")

    def test_the_client_gets_an_answer_after_a_restart_of_the_server(self):
        def talk(server):
            server.recvfrom(65536)
            server.connect(("127.0.0.1", 1))  # from now on other senders are refused
            time.sleep(0.5)                   # the time of a few tries
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as restarted:
                restarted.settimeout(TIMEOUT)
                port = server.getsockname()[1]
                server.close()
                restarted.bind(("127.0.0.1", port))
                _, sender = restarted.recvfrom(65536)
                restarted.sendto(b"back again", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--timeout", "0.1", "--tries", "300")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"back again\n", b""))

    def test_answers_received_before_a_failure_are_printed(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"one", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--count", "2", "--timeout", "0.1", "--tries", "2")
        self.assertEqual((ended.returncode, ended.stdout), (1, b"one\n"))


if __name__ == "__main__":
    unittest.main()
