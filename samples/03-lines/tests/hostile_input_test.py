"""How line_server handles malformed and malicious input."""

import os
import socket
import ssl
import struct
import threading
import unittest

from programs import TIMEOUT, Server, receive_all, receive_exactly, send_bytes_until_disconnected

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))


def send_until_disconnected(connection, data):
    """Sends `data` again and again until the server disconnects; returns how often it was sent."""
    times = 0
    try:
        while True:
            connection.sendall(data)
            times += 1
    except (BrokenPipeError, ConnectionResetError):
        return times


class HostileInput(unittest.TestCase):
    def assert_serves(self, server):
        with server.connect() as connection:
            connection.sendall(b"hi\n")
            self.assertEqual(receive_exactly(connection, 9), b"hello hi\n")

    # Lines that are not completed

    def test_a_client_that_sends_a_line_byte_by_byte_is_disconnected_after_the_line_timeout(self):
        with (Server("line_server", "--line-timeout", "1", "--idle-timeout", "3600") as server,
              server.connect() as other, server.connect() as connection):
            connection.sendall(b"one\n")
            self.assertEqual(receive_exactly(connection, 10), b"hello one\n")
            self.assertEqual(send_bytes_until_disconnected(connection), b"")
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr")
            other.sendall(b"silence before a line is no delay\n")
            receive_exactly(other, 40)

    # Lines that are too long

    def test_fault_30_an_endless_line_is_rejected_with_a_message_and_uses_no_memory(self):
        with Server("line_server") as server, server.connect() as other:
            other.sendall(b"warm\n")
            receive_exactly(other, 11)
            before = server.memory()
            with server.connect() as connection:
                reply = []
                reader = threading.Thread(target=lambda: reply.append(receive_all(connection)))
                reader.start()
                self.assertGreater(send_until_disconnected(connection, b"x" * (1 << 20)), 0)
                reader.join(TIMEOUT)
            self.assertEqual(reply, [b"error: line too long; the maximum is 65536 bytes\n"])
            if not SANITIZED:
                self.assertLess(server.memory() - before, 1 << 20)
            server.wait_for(b"longer than the 65536 bytes allowed\n", "stderr")
            other.sendall(b"unharmed\n")
            self.assertEqual(receive_exactly(other, 15), b"hello unharmed\n")

    def test_fault_30_each_unfinished_line_uses_no_more_memory_than_the_limit(self):
        clients, limit = 50, 100_000
        with Server("line_server", "--max-line", str(limit)) as server:
            self.assert_serves(server)
            before = server.memory()
            connections = [server.connect() for _ in range(clients)]
            for connection in connections:
                connection.sendall(b"x" * limit)
            held = server.memory() - before
            for connection in connections:
                connection.sendall(b"\n")
                self.assertEqual(len(receive_exactly(connection, limit + 7)), limit + 7)
                held = max(held, server.memory() - before)
            if not SANITIZED:
                self.assertLess(held, 4 * clients * limit)
            for connection in connections:
                connection.close()

    def test_a_line_of_the_maximum_size_is_accepted(self):
        with Server("line_server", "--max-line", "10") as server, server.connect() as connection:
            connection.sendall(b"0123456789\n")
            self.assertEqual(receive_exactly(connection, 17), b"hello 0123456789\n")
            connection.sendall(b"012345678\r\n")
            self.assertEqual(receive_exactly(connection, 17), b"hello 012345678\r\n")
            connection.sendall(b"0123456789")
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), b"hello 0123456789")

    def test_lines_before_a_line_that_is_too_long_are_answered(self):
        for too_long in (b"0123456789a", b"0123456789a\n", b"0123456789a\nnext\n", b"x" * 100_000):
            with (self.subTest(too_long[:20]), Server("line_server", "--max-line", "10") as server,
                  server.connect() as connection):
                connection.sendall(b"Alice\nBob\n" + too_long)
                self.assertEqual(receive_all(connection),
                                 b"hello Alice\nhello Bob\nerror: line too long; the maximum is 10 bytes\n")
                name = b"127.0.0.1:%d" % connection.getsockname()[1]
                connection.close()
                reason = b"read data from %s: longer than the 10 bytes allowed" % name
                server.wait_for(b"%s disconnected: %s\n" % (name, reason), "stderr")
                self.assert_serves(server)

    def test_fault_19_the_error_message_arrives_although_the_client_keeps_sending(self):
        with Server("line_server", "--max-line", "10") as server, server.connect() as connection:
            connection.sendall(b"x" * 11)
            self.assertEqual(connection.recv(1, socket.MSG_PEEK), b"e")  # the server has sent the error message
            connection.sendall(b"x" * 1_000_000)  # unread, this would reset the connection
            self.assertEqual(receive_all(connection), b"error: line too long; the maximum is 10 bytes\n")

    # Binary data and other protocols

    def test_fault_32_nul_bytes_and_invalid_utf_8_are_accepted(self):
        lines = [b"\0", b"a\0b", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\x1b[31mred",
                 bytes(range(256)).replace(b"\n", b"")]
        with Server("line_server") as server, server.connect() as connection:
            connection.sendall(b"\n".join(lines) + b"\n")
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), b"".join(b"hello " + line + b"\n" for line in lines))

    def test_fault_33_a_tls_client_fails_and_the_server_continues(self):
        with Server("line_server", "--idle-timeout", "0.3") as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with server.connect() as connection, self.assertRaises(OSError):  # SSLError is one
                context.wrap_socket(connection)
            server.wait_for(b"disconnected", "stderr")
            self.assert_serves(server)

    def test_fault_33_an_http_request_is_answered_line_by_line_and_the_server_continues(self):
        with Server("line_server") as server, server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), b"hello GET / HTTP/1.1\r\nhello Host: example.org\r\nhello \r\n")
            self.assert_serves(server)

    def test_fault_16_a_reset_in_the_middle_of_a_line_ends_that_connection_only(self):
        with Server("line_server") as server, server.connect() as other:
            connection = server.connect()
            connection.sendall(b"one\ntw")
            receive_exactly(connection, 10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            server.wait_for(b"connection reset by peer\n", "stderr")
            other.sendall(b"unharmed\n")
            self.assertEqual(receive_exactly(other, 15), b"hello unharmed\n")

    def test_fault_20_a_client_that_does_not_read_its_replies_is_disconnected_after_the_idle_timeout(self):
        with Server("line_server", "--idle-timeout", "0.3") as server, server.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.assertGreater(send_until_disconnected(connection, b"x\n" * 100_000), 0)
            server.wait_for(b"timed out\n", "stderr")
            self.assert_serves(server)


if __name__ == "__main__":
    unittest.main()
