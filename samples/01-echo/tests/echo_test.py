"""echo_server and echo_client, tested with each other and with the tutorial's Python programs."""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from crowd import echo_concurrently
from programs import (TIMEOUT, Peer, Program, PythonServer, Server, file_beside, path_of, receive_all,
                      receive_exactly, run)

BOOK = file_beside(__file__, "book.txt")
LINES = [line for line in BOOK.read_bytes().split(b"\n") if line]
REPLIES = [repr(line).encode() for line in LINES]
SUMMARY = re.compile(rb"(\d+) lines, (\d+) bytes, (\d+\.\d+) s; latency p50 \d+ \xc2\xb5s, p99 \d+ \xc2\xb5s")


def client(server, *arguments, **options):
    return run("echo_client", "--port", str(server.port), *arguments, **options)


def running_client(server, *arguments):
    return Program(path_of("echo_client"), "--port", str(server.port), *arguments)


class Echo(unittest.TestCase):
    def assert_book_echoed(self, ended):
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        *replies, summary = ended.stdout.splitlines()
        self.assertEqual(replies, REPLIES)
        lines, size, _ = SUMMARY.fullmatch(summary).groups()
        self.assertEqual((int(lines), int(size)), (len(LINES), sum(map(len, LINES))))

    def assert_serves(self, server):
        with server.connect() as connection:
            connection.sendall(b"still there?")
            self.assertEqual(receive_exactly(connection, 12), b"still there?")

    # With each other, and with the tutorial's programs

    def test_the_client_echoes_a_book_with_the_server(self):
        with Server("echo_server") as server:
            self.assert_book_echoed(client(server, str(BOOK)))

    def test_the_client_works_with_the_tutorials_server(self):
        with PythonServer(file_beside(__file__, "echo_server.py")) as server:
            self.assert_book_echoed(client(server, str(BOOK)))

    def test_the_tutorials_client_works_with_the_server(self):
        with Server("echo_server") as server:
            ended = subprocess.run(
                [sys.executable, str(file_beside(__file__, "echo_client.py")), str(server.port), str(BOOK), "0"],
                env={**os.environ, "PYTHONUTF8": "1"}, capture_output=True, timeout=TIMEOUT)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            *replies, elapsed = ended.stdout.splitlines()
            self.assertEqual(replies, REPLIES)
            self.assertIn("总共耗时", elapsed.decode())

    def test_the_client_connects_by_name_and_over_ipv6(self):
        with Server("echo_server", "--host", "localhost") as server:
            self.assert_book_echoed(client(server, "--host", "localhost", str(BOOK)))
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"IPv6 is not available: {e}")
        with Server("echo_server", "--host", "::1") as server:
            self.assertRegex(server.greeting, r"^listening on \[::1\]:[1-9][0-9]*$")
            self.assert_book_echoed(client(server, "--host", "::1", str(BOOK)))

    # Data on the connection

    def test_hundreds_of_concurrent_clients_are_served(self):
        number = 300
        with Server("echo_server") as server:
            echo_concurrently(server.port, clients=number, rounds=20)
            server.wait_for(b" disconnected\n", "stderr", number)

    def test_data_in_flight_is_echoed_after_the_client_shuts_down_its_sending_side(self):
        sent = os.urandom(8 << 20)
        with Server("echo_server") as server, server.connect() as connection:
            def send():
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)

            sender = threading.Thread(target=send)
            sender.start()
            received = receive_all(connection)
            sender.join()
            self.assertTrue(received == sent)

    def test_single_byte_segments_are_echoed(self):
        sent = bytes(range(256)) * 8
        with Server("echo_server") as server, server.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in sent:
                connection.sendall(bytes([byte]))
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), sent)

    def test_all_byte_values_are_echoed(self):
        lines = [bytes(range(256)).replace(b"\n", b""), b"\0", b"\xff\xfe", b"it's", b'"', b"it's \"quoted\"", b"a\rb", b"\\"]
        with Server("echo_server") as server:
            ended = client(server, "-", input=b"\n\n".join(lines) + b"\r\n\r\nlast, without an end")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            expected = [repr(line).encode() for line in [*lines, b"last, without an end"]]
            self.assertEqual(ended.stdout.splitlines()[:-1], expected)

    def test_a_line_larger_than_the_socket_buffers_is_echoed(self):
        with Server("echo_server") as server, tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * (32 << 20))
            file.flush()
            ended = client(server, "--quiet", file.name)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertTrue(ended.stdout.startswith(b"1 lines, 33554432 bytes"), ended.stdout)

    def test_each_line_from_standard_input_is_echoed_before_the_next_is_read(self):
        with Server("echo_server") as server, running_client(server, "-") as process:
            process.write(b"first\n")
            process.wait_for(b"b'first'\n", "stdout")
            process.write(b"second\n")
            process.wait_for(b"b'second'\n", "stdout")
            process.stdin.close()
            status, output, errors = process.wait()
            self.assertEqual((status, errors), (0, b""))
            self.assertRegex(output.splitlines()[-1], SUMMARY)

    def test_an_empty_file_is_not_an_error(self):
        with Server("echo_server") as server:
            ended = client(server, "/dev/null")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertRegex(ended.stdout, rb"^0 lines, 0 bytes, \d+\.\d+ s\n$")

    def test_the_delay_option_delays_each_line_but_the_first(self):
        with Server("echo_server") as server:
            ended = client(server, "--quiet", "--delay", "0.05", "-", input=b"one\ntwo\nthree\nfour\n")
            self.assertEqual(ended.returncode, 0)
            self.assertGreaterEqual(float(SUMMARY.match(ended.stdout)[3]), 0.15)

    # Connections and limits of the server

    def test_the_server_logs_connects_and_disconnects(self):
        with Server("echo_server") as server:
            with server.connect() as connection:
                name = b"127.0.0.1:%d" % connection.getsockname()[1]
                server.wait_for(name + b" connected\n", "stderr")
            server.wait_for(name + b" disconnected\n", "stderr")

    def test_a_quiet_server_prints_only_its_address(self):
        with Server("echo_server", "--quiet") as server:
            self.assert_serves(server)
            server.send_signal(signal.SIGTERM)
            status, output, errors = server.wait()
            self.assertEqual((status, errors), (0, b""))
            self.assertRegex(output, rb"^listening on 127\.0\.0\.1:\d+\n$")

    def test_a_reset_ends_that_connection_only(self):
        with Server("echo_server") as server, server.connect() as other:
            connection = server.connect()
            connection.sendall(b"x")
            receive_exactly(connection, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            server.wait_for(b"connection reset by peer\n", "stderr")
            other.sendall(b"unharmed")
            self.assertEqual(receive_exactly(other, 8), b"unharmed")
            self.assert_serves(server)

    def test_an_idle_connection_is_closed_after_the_idle_timeout(self):
        with Server("echo_server", "--idle-timeout", "0.2") as server, server.connect() as connection:
            connection.sendall(b"x")
            self.assertEqual(receive_all(connection), b"x")
            server.wait_for(b"timed out\n", "stderr")
            self.assert_serves(server)

    def test_a_connection_beyond_the_limit_is_closed_at_once(self):
        with Server("echo_server", "--max-connections", "2") as server:
            with server.connect() as first, server.connect() as second, server.connect() as third:
                self.assertEqual(receive_all(third), b"")
                server.wait_for(b" rejected: too many connections\n", "stderr")
                for each in (first, second):
                    each.sendall(b"x")
                    receive_exactly(each, 1)
            server.wait_for(b" disconnected\n", "stderr", 2)
            self.assert_serves(server)

    def test_a_connection_beyond_the_limit_for_one_address_is_closed_at_once(self):
        for threads in ("1", "2"):
            with (self.subTest(threads=threads),
                  Server("echo_server", "--max-connections-per-peer", "2", "--threads", threads) as server):
                with server.connect() as first, server.connect() as second:
                    for each in (first, second):  # two threads may accept connections in any order
                        each.sendall(b"x")
                        receive_exactly(each, 1)
                    with server.connect() as third:
                        self.assertEqual(receive_all(third), b"")
                    server.wait_for(b" rejected: too many connections from this peer\n", "stderr")
                    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT, ("127.0.0.2", 0)) as other:
                        for each in (first, second, other):
                            each.sendall(b"x")
                            receive_exactly(each, 1)
                server.wait_for(b" disconnected\n", "stderr", 3)
                self.assert_serves(server)

    def test_several_threads_share_one_port(self):
        with Server("echo_server", "--threads", "2") as server:
            connections = [server.connect() for _ in range(64)]
            for i, each in enumerate(connections):
                each.sendall(b"%02d" % i)
            for i, each in enumerate(connections):
                self.assertEqual(receive_exactly(each, 2), b"%02d" % i)
                each.close()
            server.wait_for(b" disconnected\n", "stderr", 64)
            server.send_signal(signal.SIGTERM)
            status, output, _ = server.wait()
            self.assertEqual(status, 0)
            self.assertRegex(output, rb"^listening on 127\.0\.0\.1:\d+\n$")

    # Servers that misbehave

    def assert_client_fails(self, talk, reason, *arguments, lines=b"one\ntwo\nthree\n"):
        with Peer(talk) as peer:
            ended = client(peer, *arguments, "-", input=lines)
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, rb"^echo_client: " + reason % (b"127\\.0\\.0\\.1:%d" % peer.port) + rb"\n$")

    def test_the_client_fails_when_the_stream_ends_in_the_middle_of_a_reply(self):
        def talk(connection):
            connection.sendall(receive_exactly(connection, 3))
            connection.sendall(receive_exactly(connection, 3)[:2])
            connection.shutdown(socket.SHUT_WR)

        self.assert_client_fails(talk, rb"read from %s: unexpected end of stream after 2 of 3 bytes")

    def test_the_client_fails_when_the_connection_is_reset(self):
        def talk(connection):
            connection.sendall(receive_exactly(connection, 3))
            receive_exactly(connection, 3)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        self.assert_client_fails(talk, rb"read from %s: connection reset by peer")

    def test_the_client_fails_when_a_line_comes_back_changed(self):
        def talk(connection):
            connection.sendall(receive_exactly(connection, 3).upper())

        self.assert_client_fails(talk, rb"line 1 came back changed from %s: b'ONE'")

    def test_the_client_fails_when_the_server_is_silent_for_the_timeout(self):
        def talk(connection):
            connection.sendall(receive_exactly(connection, 3))
            receive_all(connection)

        self.assert_client_fails(talk, rb"read from %s: timed out", "--timeout", "0.2")

    def test_the_delay_between_lines_does_not_count_towards_the_timeout(self):
        with Server("echo_server") as server:
            ended = client(server, "--delay", "0.3", "--timeout", "0.2", "-", input=b"one\ntwo\nthree\n")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_the_client_fails_when_the_server_is_killed(self):
        with Server("echo_server") as server, running_client(server, "-") as process:
            process.write(b"first\n")
            process.wait_for(b"b'first'\n", "stdout")
            server.kill()
            process.write(b"second\n")
            status, output, errors = process.wait()
            self.assertEqual((status, output), (1, b"b'first'\n"))
            self.assertRegex(errors, rb"^echo_client: [^\n]* 127\.0\.0\.1:%d: [^\n]*\n$" % server.port)


if __name__ == "__main__":
    unittest.main()
