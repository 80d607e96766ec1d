"""upload_client with failing connections, and with servers that are unreachable or misbehave."""

import os
import signal
import socket
import time
import unittest
from concurrent.futures import Future

from programs import TIMEOUT, Program, path_of, run
from scripted_server import WRONG_CONTENTS, ScriptedServer, Session
from uploads import Uploads
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("upload_client")

    def test_a_usage_error_is_reported_with_status_2(self):
        self.assert_wrong(
            (["upload_client"], "FILE is required"),
            (["upload_client", "--speed", "a"], "unexpected argument --speed"),
            (["upload_client", "--port", "0", "a"], '--port: "0" is not an integer from 1 to 65535'),
            (["upload_client", "--host", "", "a"], "--host: the host must not be empty"),
            (["upload_client", "--tries", "0", "a"], '--tries: "0" is not an integer from 1 to 1000000'),
            (["upload_client", "--timeout", "soon", "a"], '--timeout: "soon" is not a number of seconds'),
            (["upload_client", "--into", "../x", "a"], "--into: a part of a name must not be .."),
            (["upload_client", "--into", "/x", "a"], "--into: a name must not begin with /"),
        )

    def test_an_unknown_host_is_reported(self):
        self.assert_unknown_host("upload_client", __file__)


class Failures(Uploads):
    def setUp(self):
        super().setUp()
        self.contents = os.urandom(300_000)
        self.make("a", self.contents)

    def assert_fails(self, ended, *lines):
        self.assertEqual((ended.returncode, ended.stderr.decode().splitlines()), (1, list(lines)))


class BadLines(Failures):
    def test_a_refused_connection_is_reported(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # keeps the port from being used by another program
            port = bound.getsockname()[1]
            where = f"upload_client: connect to 127.0.0.1:{port}: connection refused"
            ended = run("upload_client", "--port", str(port), "--tries", "2", "a", cwd=self.folder)
            self.assert_fails(ended, f"{where}; retrying in 0.5 s", f"{where}; 0 of 1 file is on the server")

    def test_after_a_reset_the_client_reconnects_and_resumes_the_file(self):
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
        self.assertRegex(ended.stderr.decode(), r"^upload_client: .*127\.0\.0\.1:.*; retrying in 0\.5 s\n$")
        self.assertEqual(b"".join(received), self.contents)
        self.assertRegex(ended.stdout.decode(), r"^b: stored, 1 byte\na: stored, 300000 bytes\n2 of 2 files are on the server, ")

    def test_after_the_server_closes_the_connection_the_client_reconnects(self):
        def take_it(session):
            session.greet()
            session.take_in(session.read())
            session.part()

        for leave in (lambda session: None, lambda session: session.greet(), lambda session: session.greet() or session.read()):
            with ScriptedServer(leave, take_it) as server:
                self.assertEqual(self.upload(server, "a").returncode, 0)

    def test_after_a_shutdown_of_the_server_the_client_reconnects(self):
        def end(session):
            session.greet()
            session.want(session.read())
            session.read()
            session.fail("the server is shutting down; received data is kept")

        def go_on(session):
            session.greet()
            session.take_in(session.read(), 65536)
            session.part()

        with ScriptedServer(end, go_on) as server:
            ended = self.upload(server, "a")
        self.assertEqual((ended.returncode, ended.stderr.decode()), (
            0, f"upload_client: 127.0.0.1:{server.port} ended the session: the server is shutting down; received data is kept;"
               " retrying in 0.5 s\n"))

    def test_the_number_of_consecutive_connections_without_progress_is_limited(self):
        def leave_at_once(session):
            session.greet()
            session.read()

        with ScriptedServer(leave_at_once, leave_at_once) as server:
            ended = self.upload(server, "--tries", "2", "a")
        line = f"upload_client: read from 127.0.0.1:{server.port}: the connection was closed"
        self.assert_fails(ended, f"{line}; retrying in 0.5 s", f"{line}; 0 of 1 file is on the server")

    def test_connections_with_progress_do_not_count_as_tries(self):
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
        self.assertEqual((ended.returncode, ended.stderr.count(b"; retrying in 0.5 s\n")), (0, 3), ended.stderr)

    def test_the_client_times_out_when_the_server_is_silent(self):
        for silent in (Session.read_all, lambda session: session.greet() or session.read_all()):
            with self.subTest(silent), ScriptedServer(silent) as server:
                ended = self.upload(server, "--tries", "1", "--timeout", "0.3", "a")
            self.assert_fails(ended, f"upload_client: wait for an answer from 127.0.0.1:{server.port}: timed out;"
                                     " 0 of 1 file is on the server")

    def test_the_client_times_out_when_the_server_accepts_no_data(self):
        self.make_large("large", 30_000_000)

        def stop_reading(session):
            session.greet()
            session.want(session.read())
            client.result(TIMEOUT).wait()

        client = Future()
        with ScriptedServer(stop_reading) as server:
            command = [path_of("upload_client"), "--port", str(server.port), "--tries", "1", "--timeout", "0.5", "large"]
            with Program(*command, cwd=self.folder) as program:
                client.set_result(program)
                status, _, errors = program.wait()
        self.assertEqual(status, 1)
        self.assertIn(b"timed out", errors)

    def test_a_slow_connection_does_not_time_out(self):
        self.make_large("large", 3_000_000)

        def read_slowly(session):
            session.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            session.greet()
            offer = session.read()
            session.want(offer)
            received = 0
            while received < offer.size:
                time.sleep(0.05)  # a slow connection
                received += len(session.read().bytes)
            session.decide(offer)
            session.part()

        with ScriptedServer(read_slowly) as server:
            ended = self.upload(server, "--timeout", "0.5", "large")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_a_server_that_sends_alive_does_not_time_out(self):
        def work(session):
            session.greet()
            a = session.read()
            session.want(a)
            session.read_data(a)
            for _ in range(6):
                session.connection.settimeout(0.1)
                with self.assertRaises(TimeoutError):
                    session.connection.recv(1)  # waits as long as the work takes
                session.send(b"\x06")
            session.connection.settimeout(None)
            session.decide(a)
            session.part()

        with ScriptedServer(work) as server:
            ended = self.upload(server, "--timeout", "0.3", "a")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))


class WrongContents(Failures):
    def test_a_resumed_file_with_a_wrong_digest_is_offered_once_more(self):
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

    def test_a_file_with_a_wrong_digest_is_not_offered_a_third_time(self):
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

    def test_a_wrong_digest_of_a_file_sent_in_one_piece_is_reported(self):
        def talk(session):
            session.greet()
            offer = session.read()
            session.want(offer)
            session.read_data(offer)
            session.decide(offer, WRONG_CONTENTS, "the digest is another one")
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_fails(self.upload(server, "a"), "upload_client: a: wrong contents: the digest is another one")


class MisbehavingServers(Failures):
    """Protocol errors are reported, and the client does not try again."""

    def assert_refuses(self, talk, reason):
        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
        self.assert_fails(ended, f"upload_client: 127.0.0.1:{server.port} {reason}")

    def test_a_web_server_is_reported(self):
        self.assert_refuses(lambda session: session.write(b"HTTP/1.1 400 Bad Request\r\n\r\n") or session.read_all(),
                            "violated the upload protocol: unexpected greeting b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'")

    def test_a_failure_message_is_reported(self):
        def fail(session):
            session.greet()
            session.read()
            session.fail("offer 1: \x1b[2Jis wrong")

        self.assert_refuses(fail, "ended the session: offer 1: \\x1b[2Jis wrong")

    def test_a_failure_message_instead_of_hello_is_reported(self):
        def fail(session):
            session.write(b"STRAITUP")
            session.fail("version 1 is too old")
            session.read_all()

        self.assert_refuses(fail, "ended the session: version 1 is too old")

    def test_an_unsupported_version_is_reported(self):
        self.assert_refuses(lambda session: session.greet(version=2) or session.read_all(),
                            "violated the upload protocol: unsupported version 2")

    def test_an_invalid_message_is_reported(self):
        wrong = "violated the upload protocol: "
        for bytes_sent, reason in ((b"\0\0\0\x01M", "type 77 is not a message of a server"),
                                   (b"\0\0\0\x02\x82\x01", "want: 3 bytes are missing"),
                                   (b"\0\0\0\x0d\x82\0\0\0\x07" + bytes(8), "want 7: no such offer"),
                                   (b"\0\0\0\x06\x83\0\0\0\x07\0", "verdict 7: no such offer"),
                                   (b"\0\0\0\x0d\x82\0\0\0\x01\0\0\0\0\0\x10\0\0",
                                    "want 1: offset 1048576 exceeds the size of 300000 bytes")):
            with self.subTest(reason):
                def talk(session):
                    session.greet()
                    session.read()
                    session.write(bytes_sent)
                    session.read_all()

                self.assert_refuses(talk, wrong + reason)

    def test_a_message_that_is_too_long_is_reported(self):
        def talk(session):
            session.greet()
            session.read()
            session.write(b"\xff\xff\xff\xff")
            session.read_all()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
        self.assertEqual((ended.returncode, ended.stderr.count(b"\n")), (1, 1))
        self.assertIn(b"violated the upload protocol: ", ended.stderr)


class Signals(Failures):
    def test_a_signal_during_an_upload_ends_the_client_with_its_status_and_a_summary(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            def talk(session):
                session.greet()
                session.want(session.read())
                client.result(TIMEOUT).send_signal(number)
                session.read_all()

            client = Future()
            with self.subTest(number), ScriptedServer(talk) as server:
                with Program(path_of("upload_client"), "--port", str(server.port), "a", cwd=self.folder) as program:
                    client.set_result(program)
                    status, output, errors = program.wait()
                self.assertEqual((status, errors), (128 + number, b""))
                self.assertRegex(output, rb"^0 of 1 file is on the server, ")

    def test_a_signal_between_two_connections_ends_the_client(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            port = str(bound.getsockname()[1])
            with Program(path_of("upload_client"), "--port", port, "a", cwd=self.folder) as client:
                client.wait_for(b"retrying in", "stderr")
                client.send_signal(signal.SIGTERM)
                self.assertEqual(client.wait()[0], 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
