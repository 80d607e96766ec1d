"""upload_client on bad lines, and with servers that are none, or do what they should not."""

import os
import signal
import socket
import time
import unittest
from concurrent.futures import Future

from programs import PATIENCE, Program, path_of, run
from scripted_server import WRONG_CONTENTS, ScriptedServer, Session
from uploads import Uploads
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("upload_client")

    def test_wrong_usage(self):
        self.assert_wrong(
            (["upload_client"], "FILE is required"),
            (["upload_client", "--speed", "a"], "unexpected argument --speed"),
            (["upload_client", "--port", "0", "a"], '--port: "0" is not a number from 1 to 65535'),
            (["upload_client", "--host", "", "a"], "--host: a host is needed"),
            (["upload_client", "--tries", "0", "a"], '--tries: "0" is not a number from 1 to 1000000'),
            (["upload_client", "--timeout", "soon", "a"], '--timeout: "soon" is not a number of seconds'),
            (["upload_client", "--into", "../x", "a"], "--into: a part of a name must not be .."),
            (["upload_client", "--into", "/x", "a"], "--into: a name must not begin with /"),
        )

    def test_an_unknown_host(self):
        self.assert_unknown_host("upload_client", __file__)


class Failures(Uploads):
    def setUp(self):
        super().setUp()
        self.contents = os.urandom(300_000)
        self.make("a", self.contents)

    def assert_fails(self, ended, *lines):
        self.assertEqual((ended.returncode, ended.stderr.decode().splitlines()), (1, list(lines)))


class BadLines(Failures):
    def test_nobody_listens(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # taken, so that nobody comes to listen there meanwhile
            port = bound.getsockname()[1]
            where = f"upload_client: connect to 127.0.0.1:{port}: connection refused"
            ended = run("upload_client", "--port", str(port), "--tries", "2", "a", cwd=self.folder)
            self.assert_fails(ended, f"{where}; next try in 0.5 s", f"{where}; 0 of 1 file is there")

    def test_a_line_that_breaks_is_made_again_and_the_file_goes_on(self):
        self.make("b", b"y")
        received = []

        def break_off(session):
            session.greet()
            a, b = session.read(), session.read()
            session.take_in(b)
            session.want(a)
            received.append(session.read().bytes + session.read().bytes)
            session.reset()

        def go_on(session):
            session.greet()
            a = session.read()
            self.assertEqual(a.name, "a")
            received.append(session.take_in(a, len(received[0])))
            session.part()

        with ScriptedServer(break_off, go_on) as server:
            ended = self.upload(server, "a", "b")
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stderr.decode(), r"^upload_client: .*127\.0\.0\.1:.*; next try in 0\.5 s\n$")
        self.assertEqual(b"".join(received), self.contents)
        self.assertRegex(ended.stdout.decode(), r"^b: stored, 1 byte\na: stored, 300000 bytes\n2 of 2 files are there, ")

    def test_a_connection_that_the_server_closes_is_made_again(self):
        def take_it(session):
            session.greet()
            session.take_in(session.read())
            session.part()

        for leave in (lambda session: None, lambda session: session.greet(), lambda session: session.greet() or session.read()):
            with ScriptedServer(leave, take_it) as server:
                self.assertEqual(self.upload(server, "a").returncode, 0)

    def test_the_servers_own_end_is_a_line_that_breaks(self):
        def end(session):
            session.greet()
            session.want(session.read())
            session.read()
            session.fail("the server is ending; what has come is kept")

        def go_on(session):
            session.greet()
            session.take_in(session.read(), 65536)
            session.part()

        with ScriptedServer(end, go_on) as server:
            ended = self.upload(server, "a")
        self.assertEqual((ended.returncode, ended.stderr.decode()), (
            0, f"upload_client: 127.0.0.1:{server.port} has ended the session: the server is ending; what has come is kept;"
               " next try in 0.5 s\n"))

    def test_tries_in_a_row_that_bring_nothing_are_limited(self):
        def leave_at_once(session):
            session.greet()
            session.read()

        with ScriptedServer(leave_at_once, leave_at_once) as server:
            ended = self.upload(server, "--tries", "2", "a")
        line = f"upload_client: read from 127.0.0.1:{server.port}: the connection was closed"
        self.assert_fails(ended, f"{line}; next try in 0.5 s", f"{line}; 0 of 1 file is there")

    def test_tries_that_bring_something_do_not_count(self):
        size = 65536

        def some_of_it(offset):
            def talk(session):
                session.greet()
                session.want(session.read(), offset)
                session.read()
                session.reset()

            return talk

        def the_rest(session):
            session.greet()
            session.take_in(session.read(), 4 * size)
            session.part()

        with ScriptedServer(*map(some_of_it, range(size, 4 * size, size)), the_rest) as server:
            ended = self.upload(server, "--tries", "1", "a")
        self.assertEqual((ended.returncode, ended.stderr.count(b"; next try in 0.5 s\n")), (0, 3), ended.stderr)

    def test_a_server_that_says_nothing_is_lost(self):
        for silent in (Session.read_all, lambda session: session.greet() or session.read_all()):
            with self.subTest(silent), ScriptedServer(silent) as server:
                ended = self.upload(server, "--tries", "1", "--timeout", "0.3", "a")
            self.assert_fails(ended, f"upload_client: wait for an answer from 127.0.0.1:{server.port}: timed out;"
                                     " 0 of 1 file is there")

    def test_a_server_that_takes_nothing_is_lost(self):
        self.make_large("large", 30_000_000)

        def stop_reading(session):
            session.greet()
            session.want(session.read())
            client.result(PATIENCE).wait()

        client = Future()
        with ScriptedServer(stop_reading) as server:
            command = [path_of("upload_client"), "--port", str(server.port), "--tries", "1", "--timeout", "0.5", "large"]
            with Program(*command, cwd=self.folder) as program:
                client.set_result(program)
                status, _, complaints = program.wait()
        self.assertEqual(status, 1)
        self.assertIn(b"timed out", complaints)

    def test_a_slow_line_is_not_lost_while_it_moves(self):
        self.make_large("large", 3_000_000)

        def read_slowly(session):
            session.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            session.greet()
            offer = session.read()
            session.want(offer)
            received = 0
            while received < offer.size:
                time.sleep(0.05)  # such is the line
                received += len(session.read().bytes)
            session.decide(offer)
            session.part()

        with ScriptedServer(read_slowly) as server:
            ended = self.upload(server, "--timeout", "0.5", "large")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_a_server_at_work_that_says_so_is_not_lost(self):
        def work(session):
            session.greet()
            a = session.read()
            session.want(a)
            session.read_data(a)
            for _ in range(6):
                session.connection.settimeout(0.1)
                with self.assertRaises(TimeoutError):
                    session.connection.recv(1)  # the time that the work takes
                session.send(b"\x06")
            session.connection.settimeout(None)
            session.decide(a)
            session.part()

        with ScriptedServer(work) as server:
            ended = self.upload(server, "--timeout", "0.3", "a")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))


class WrongContents(Failures):
    def test_after_a_resume_the_file_is_offered_once_more(self):
        def talk(session):
            session.greet()
            first = session.read()
            session.want(first, 100_000)
            session.read_data(first, 100_000)
            session.decide(first, WRONG_CONTENTS)
            second = session.read()
            self.assertEqual((second.name, second.size, second.digest), (first.name, first.size, first.digest))
            self.assertNotEqual(second.id, first.id)
            self.assertEqual(session.take_in(second), self.contents)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_but_not_for_ever(self):
        def talk(session):
            session.greet()
            for _ in range(2):
                offer = session.read()
                session.want(offer, 299_999)
                session.read_data(offer, 299_999)
                session.decide(offer, WRONG_CONTENTS, "the digest is another one")
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_fails(self.upload(server, "a"), "upload_client: a: wrong contents: the digest is another one")

    def test_of_what_was_sent_as_a_whole_it_is_told(self):
        def talk(session):
            session.greet()
            offer = session.read()
            session.want(offer)
            session.read_data(offer)
            session.decide(offer, WRONG_CONTENTS, "the digest is another one")
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_fails(self.upload(server, "a"), "upload_client: a: wrong contents: the digest is another one")


class StrangeServers(Failures):
    """They are told, and not tried again."""

    def assert_refuses(self, talk, reason):
        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
        self.assert_fails(ended, f"upload_client: 127.0.0.1:{server.port} {reason}")

    def test_a_web_server(self):
        self.assert_refuses(lambda session: session.say(b"HTTP/1.1 400 Bad Request\r\n\r\n") or session.read_all(),
                            "does not keep to the upload protocol: it says b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'")

    def test_a_failure(self):
        def fail(session):
            session.greet()
            session.read()
            session.fail("offer 1: \x1b[2Jis wrong")

        self.assert_refuses(fail, "has ended the session: offer 1: \\x1b[2Jis wrong")

    def test_a_failure_in_place_of_a_hello(self):
        def fail(session):
            session.say(b"STRAITUP")
            session.fail("version 1 is too old")
            session.read_all()

        self.assert_refuses(fail, "has ended the session: version 1 is too old")

    def test_another_version(self):
        self.assert_refuses(lambda session: session.greet(version=2) or session.read_all(),
                            "does not keep to the upload protocol: it speaks version 2")

    def test_what_is_no_message(self):
        wrong = "does not keep to the upload protocol: "
        for bytes_sent, reason in ((b"\0\0\0\x01M", "type 77 is not a message of a server"),
                                   (b"\0\0\0\x02\x82\x01", "want: 3 bytes are missing"),
                                   (b"\0\0\0\x0d\x82\0\0\0\x07" + bytes(8), "want 7: there is no such offer"),
                                   (b"\0\0\0\x06\x83\0\0\0\x07\0", "verdict 7: there is no such offer"),
                                   (b"\0\0\0\x0d\x82\0\0\0\x01\0\0\0\0\0\x10\0\0", "want 1: from 1048576 of 300000 bytes")):
            with self.subTest(reason):
                def talk(session):
                    session.greet()
                    session.read()
                    session.say(bytes_sent)
                    session.read_all()

                self.assert_refuses(talk, wrong + reason)

    def test_a_message_without_end(self):
        def talk(session):
            session.greet()
            session.read()
            session.say(b"\xff\xff\xff\xff")
            session.read_all()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
        self.assertEqual((ended.returncode, ended.stderr.count(b"\n")), (1, 1))
        self.assertIn(b"does not keep to the upload protocol: ", ended.stderr)


class Signals(Failures):
    def test_they_end_it_with_their_status_and_the_sums(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            def talk(session):
                session.greet()
                session.want(session.read())
                client.result(PATIENCE).send_signal(number)
                session.read_all()

            client = Future()
            with self.subTest(number), ScriptedServer(talk) as server:
                with Program(path_of("upload_client"), "--port", str(server.port), "a", cwd=self.folder) as program:
                    client.set_result(program)
                    status, said, complaints = program.wait()
                self.assertEqual((status, complaints), (128 + number, b""))
                self.assertRegex(said, rb"^0 of 1 file is there, ")

    def test_also_between_two_tries(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            port = str(bound.getsockname()[1])
            with Program(path_of("upload_client"), "--port", port, "a", cwd=self.folder) as client:
                client.wait_for(b"next try in", "stderr")
                client.send_signal(signal.SIGTERM)
                self.assertEqual(client.wait()[0], 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
