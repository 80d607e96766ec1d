"""time_server and time_client, with each other and with the tutorial's programs."""

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

from programs import PATIENCE, PythonServer, Server, file_beside, run
from questions import Asker, Clock, ask

ZONES = ("UTC", "Europe/Berlin", "Australia/Sydney", "Asia/Kolkata", "America/St_Johns",
         "CET-1CEST,M3.5.0,M10.5.0/3", "<+1245>-12:45")
PYTHON_SERVERS = ("time_server.py", "time_socketserver.py")


def client(port, *arguments):
    return run("time_client", "--port", str(port), *arguments)


class FakeServer:
    """A socket that `talk(socket)` answers questions with, on a thread of its own. To be used in a `with` block."""

    def __init__(self, talk):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=talk, args=(self._socket,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(PATIENCE)
        self._socket.close()


@contextlib.contextmanager
def silent_port():
    """A port whose datagrams nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def refusing_port():
    """A port whose datagrams the system refuses. It is taken, so that nobody comes to listen there meanwhile."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.connect(("127.0.0.1", 1))  # now it is for datagrams from there only
        yield bound.getsockname()[1]


class Time(unittest.TestCase):
    # The answers

    def test_an_answer_is_what_python_calls_ctime(self):
        with Server("time_server") as server:
            clock = Clock()
            answer = ask(server.port).decode("ascii")
            self.assertIn(answer, clock.times())

    def test_an_answer_is_in_local_time(self):
        for zone in ZONES:
            with self.subTest(zone), Server("time_server", env={**os.environ, "TZ": zone}) as server:
                clock = Clock(zone)
                answer = ask(server.port).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_an_answer_is_in_english_whatever_the_locale(self):
        for locale in ("de_DE.UTF-8", "ja_JP.UTF-8", "C.UTF-8"):
            with self.subTest(locale), Server("time_server", env={**os.environ, "LC_ALL": locale}) as server:
                clock = Clock()
                answer = ask(server.port).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_the_iso_format_reads_back_and_tells_the_distance_from_utc(self):
        distances = {"UTC": "+00:00", "Asia/Kolkata": "+05:30", "<-0330>3:30": "-03:30", "CET-1": "+01:00"}
        for zone, distance in distances.items():
            with self.subTest(zone):
                with Server("time_server", "--format", "iso", env={**os.environ, "TZ": zone}) as server:
                    clock = Clock()
                    answer = ask(server.port).decode("ascii")
                    self.assertRegex(answer, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")
                    self.assertEqual(answer[-6:], distance)
                    self.assertIn(datetime.datetime.fromisoformat(answer).timestamp(), clock.seconds())

    def test_the_epoch_format_is_a_number_of_seconds(self):
        with Server("time_server", "--format", "epoch") as server:
            clock = Clock()
            answer = ask(server.port)
            self.assertRegex(answer, rb"^\d+$")
            self.assertIn(int(answer), clock.seconds())

    def test_an_empty_datagram_is_answered(self):
        with Server("time_server") as server:
            clock = Clock()
            answer = ask(server.port, b"").decode("ascii")
            self.assertIn(answer, clock.times())

    def test_a_datagram_is_answered_whatever_is_in_it(self):
        with Server("time_server") as server:
            for question in (b"\0", bytes(range(256)), b"\xff" * 9000, os.urandom(60000)):
                clock = Clock()
                answer = ask(server.port, question).decode("ascii")
                self.assertIn(answer, clock.times())

    def test_who_has_gone_before_the_answer_comes_disturbs_nobody(self):
        with Server("time_server") as server:
            for _ in range(50):
                with Asker(server.port) as asker:
                    asker.send(b"")
            self.assertTrue(ask(server.port))

    def test_the_server_says_whom_it_has_answered(self):
        with Server("time_server") as server, Asker(server.port) as asker:
            asker.ask()
            server.wait_for(b"answered 127.0.0.1:%d\n" % asker.getsockname()[1], "stderr")

    def test_the_server_answers_over_ipv6_and_there_over_ipv4_too(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"no IPv6 here: {e}")
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
            askers = [stack.enter_context(Asker(server.port)) for _ in range(64)]
            for each in askers:
                each.send(b"hello")
            answers = {each.recv(65536).decode("ascii") for each in askers}
            self.assertLessEqual(answers, set(clock.times()))

    # With each other, and with the tutorial's programs

    def test_our_client_asks_our_server(self):
        with Server("time_server") as server:
            clock = Clock()
            ended = client(server.port)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertIn(ended.stdout.decode(), [each + "\n" for each in clock.times()])

    def test_our_client_asks_the_tutorials_servers(self):
        for program in PYTHON_SERVERS:
            with self.subTest(program), PythonServer(file_beside(__file__, program)) as server:
                clock = Clock()
                ended = client(server.port)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                self.assertIn(ended.stdout.decode(), [each + "\n" for each in clock.times()])

    def test_the_tutorials_client_asks_our_server(self):
        with Server("time_server") as server:
            clock = Clock()
            ended = subprocess.run([sys.executable, str(file_beside(__file__, "time_client.py")), str(server.port)],
                                   capture_output=True, timeout=PATIENCE)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            answer, sender = ast.literal_eval(ended.stdout.decode())
            self.assertIn(answer.decode("ascii"), clock.times())
            self.assertEqual(sender, ("127.0.0.1", server.port))

    def test_a_server_is_found_by_name(self):
        for family, *_, (address, *_) in socket.getaddrinfo("localhost", 0, type=socket.SOCK_DGRAM):
            try:
                socket.create_server((address, 0), family=family).close()
            except OSError:
                continue  # the name has an address that this machine does not have
            with self.subTest(address), Server("time_server", "--host", address) as server:
                ended = client(server.port, "--host", "localhost")
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    # What the client makes of what comes, and of what does not

    def test_the_client_asks_as_often_as_it_is_told(self):
        with Server("time_server") as server:
            ended = client(server.port, "--count", "5")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(len(ended.stdout.splitlines()), 5)

    def test_the_client_says_hello_and_prints_one_line_that_harms_no_terminal(self):
        questions = []

        def talk(server):
            question, sender = server.recvfrom(65536)
            questions.append(question)
            server.sendto(b"ten o'clock\n\x1b[2J\0 caf\xc3\xa9 \\", sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        self.assertEqual(ended.stdout, rb"ten o'clock\n\x1b[2J\x00 caf\xc3\xa9 \\" + b"\n")
        self.assertEqual(questions, [b"hello"])

    def test_an_empty_answer_is_one_too(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"", sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"\n", b""))

    def test_a_long_answer_is_not_cut_off(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"x" * 60000, sender)

        with FakeServer(talk) as server:
            ended = client(server.port)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"x" * 60000 + b"\n", b""))

    def test_the_client_asks_again_when_its_question_is_lost(self):
        def talk(server):
            server.recvfrom(65536)
            _, sender = server.recvfrom(65536)
            server.sendto(b"noon", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--timeout", "0.2", "--tries", "2")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"noon\n", b""))

    def test_a_late_answer_is_not_taken_for_that_to_another_question(self):
        def talk(server):
            _, first = server.recvfrom(65536)
            server.sendto(b"one", first)
            _, second = server.recvfrom(65536)
            if second != first:  # the system may, one time in many thousands, choose the same port again
                server.sendto(b"late", first)
            server.sendto(b"two", second)

        with FakeServer(talk) as server:
            ended = client(server.port, "--count", "2")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"one\ntwo\n", b""))

    def test_an_answer_from_somebody_else_is_none(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(b"forged", sender)
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
            (1, b"", f"time_client: no answer from 127.0.0.1:{port}{reason} in {tries} {word} of {each} s\n"))
        self.assertGreaterEqual(elapsed, tries * each)

    def test_the_client_gives_up_when_nobody_answers(self):
        with silent_port() as port:
            self.assert_client_gives_up(port, 3, 0.2)
            self.assert_client_gives_up(port, 1, 0.5)

    def test_the_client_waits_although_it_is_refused_and_says_so_in_the_end(self):
        with refusing_port() as port:
            self.assert_client_gives_up(port, 3, 0.2, " (connection refused)")
            self.assert_client_gives_up(port, 1, 1, " (connection refused)")

    def test_the_client_is_answered_by_a_server_that_was_just_restarted(self):
        def talk(server):
            server.recvfrom(65536)
            server.connect(("127.0.0.1", 1))  # others are refused from now on
            time.sleep(0.5)                   # for some tries of the client
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as restarted:
                restarted.settimeout(PATIENCE)
                port = server.getsockname()[1]
                server.close()
                restarted.bind(("127.0.0.1", port))
                _, sender = restarted.recvfrom(65536)
                restarted.sendto(b"back again", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--timeout", "0.1", "--tries", "300")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"back again\n", b""))

    def test_answers_that_came_before_the_failure_are_printed(self):
        def talk(server):
            _, sender = server.recvfrom(65536)
            server.sendto(b"one", sender)

        with FakeServer(talk) as server:
            ended = client(server.port, "--count", "2", "--timeout", "0.1", "--tries", "2")
        self.assertEqual((ended.returncode, ended.stdout), (1, b"one\n"))


if __name__ == "__main__":
    unittest.main()
