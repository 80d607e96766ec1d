"""What frame_server does with input that is no good."""

import contextlib
import os
import socket
import ssl
import struct
import unittest

from programs import Server, receive_all, receive_exactly, send_bytes_until_disconnected

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
MEBIBYTE = 1024 * 1024


def frame(message):
    return struct.pack(">I", len(message)) + message


class HostileInput(unittest.TestCase):
    def assert_serves(self, server):
        with server.connect() as connection:
            connection.sendall(b"\0\0\0\0")  # no bytes, or, as varints or with 16 bits, several times none
            self.assertEqual(receive_exactly(connection, 4), b"\0\0\0\0")

    def assert_refused(self, server, connection, sent, expected=b""):
        """What was asked before is still answered, and others are served."""
        connection.sendall(sent)
        self.assertEqual(receive_all(connection), expected)
        connection.close()  # the server has waited for that, to be sure that its replies were received
        log = server.wait_for(b" disconnected: ", "stderr")
        self.assert_serves(server)
        return log

    def test_a_message_that_is_not_complete_in_time_ends_the_connection_however_it_arrives(self):
        with (Server("frame_server", "--message-timeout", "1", "--idle-timeout", "3600") as server,
              server.connect() as other):
            for beginning in (frame(b"x" * 100_000)[:4], b""):  # in the message, and in its length
                with server.connect() as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(frame(b"whole") + beginning)
                    self.assertEqual(receive_exactly(connection, 9), frame(b"whole"))
                    if not beginning:
                        connection.sendall(b"\0\0\1")
                        self.assertEqual(receive_all(connection), b"")
                        continue
                    self.assertEqual(send_bytes_until_disconnected(connection), b"")
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr", 2)
            other.sendall(frame(b"silence before a message is no delay"))
            receive_exactly(other, 40)

    def test_fault_31_a_frame_of_no_bytes_is_a_message(self):
        with Server("frame_server") as server, server.connect() as connection:
            connection.sendall(frame(b"") * 1000)
            self.assertEqual(receive_exactly(connection, 4000), frame(b"") * 1000)

    def test_fault_31_a_frame_of_four_gigabytes_is_refused_before_any_memory_is_taken(self):
        with Server("frame_server") as server, server.connect() as connection:
            self.assert_serves(server)
            before = server.memory()
            log = self.assert_refused(server, connection, frame(b"before") + struct.pack(">I", 2**32 - 1) + b"xyz",
                                      frame(b"before"))
            self.assertIn(b": longer than the 1048576 bytes allowed\n", log)
            if not SANITIZED:
                self.assertLess(server.memory() - before, MEBIBYTE)

    def test_fault_31_the_longest_lengths_of_every_prefix_are_refused(self):
        for prefix, sent in (("u16-le", b"\xff\xff"), ("u32-le", b"\xff" * 4), ("u64-be", b"\xff" * 8),
                             ("u64-le", b"\xff" * 8), ("varint", b"\xff" * 9 + b"\x01")):
            with (self.subTest(prefix), Server("frame_server", "--prefix", prefix, "--max-frame", "1000") as server,
                  server.connect() as connection):
                connection.sendall(sent)
                self.assertEqual(connection.recv(1), b"")
                server.wait_for(b": longer than the 1000 bytes allowed\n", "stderr")

    def test_fault_31_a_varint_without_an_end_is_refused(self):
        with Server("frame_server", "--prefix", "varint") as server, server.connect() as connection:
            log = self.assert_refused(server, connection, b"\x03abc" + b"\xff" * 100, b"\x03abc")
            self.assertIn(b": the length prefix is not a valid 64-bit varint\n", log)

    def test_fault_31_a_length_that_is_only_announced_takes_no_memory(self):
        clients = 200
        with Server("frame_server", "--max-frame", str(100 * MEBIBYTE)) as server:
            self.assert_serves(server)
            before = server.memory()
            connections = [server.connect() for _ in range(clients)]
            for connection in connections:
                connection.sendall(frame(b"here") + struct.pack(">I", 100 * MEBIBYTE) + b"and no more")
            for connection in connections:
                receive_exactly(connection, 8)  # so it has come to the announcement, too
            held = server.memory() - before
            for connection in connections:
                connection.close()
            if not SANITIZED:
                self.assertLess(held, clients * 128 * 1024)

    def test_a_frame_of_the_longest_size_is_a_message_and_one_byte_more_is_not(self):
        with Server("frame_server", "--max-frame", "1000") as server, server.connect() as connection:
            longest = frame(b"x" * 1000)
            self.assert_refused(server, connection, longest + frame(b"x" * 1001), longest)

    def test_the_replies_are_not_lost_though_the_client_sends_on(self):
        with Server("frame_server", "--max-frame", "10") as server, server.connect() as connection:
            connection.sendall(frame(b"before") + struct.pack(">I", 2**31))
            self.assertEqual(connection.recv(1, socket.MSG_PEEK), b"\0")
            connection.sendall(b"x" * MEBIBYTE)  # unread, it would have the server's system reset the connection
            self.assertEqual(receive_all(connection), frame(b"before"))

    def test_fault_32_any_bytes_pass(self):
        messages = [bytes(range(256)), b"\0", b"\xff\xfe", b"\n", b"\r\n", b"\x1b[31mred"]
        sent = b"".join(map(frame, messages))
        with Server("frame_server") as server, server.connect() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), sent)
            self.assertNotIn(b"\x1b", server.wait_for(b" disconnected\n", "stderr"))

    def test_fault_33_a_tls_client_is_refused_and_the_server_lives_on(self):
        with Server("frame_server") as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with server.connect() as connection, self.assertRaises(OSError):  # SSLError is one
                context.wrap_socket(connection)
            server.wait_for(b": longer than the 1048576 bytes allowed\n", "stderr")  # 0x16030100 = "TLS handshake"
            self.assert_serves(server)

    def test_fault_33_an_http_request_is_refused_and_the_server_lives_on(self):
        with Server("frame_server") as server, server.connect() as connection:
            log = self.assert_refused(server, connection, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
            self.assertIn(b": longer than the 1048576 bytes allowed\n", log)

    def test_fault_16_a_reset_in_the_middle_of_a_frame_ends_that_connection_only(self):
        with Server("frame_server") as server, server.connect() as other:
            connection = server.connect()
            connection.sendall(frame(b"one") + b"\0\0")
            receive_exactly(connection, 7)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            server.wait_for(b"connection reset by peer\n", "stderr")
            other.sendall(frame(b"unharmed"))
            self.assertEqual(receive_exactly(other, 12), frame(b"unharmed"))

    def test_who_stops_in_the_middle_of_a_frame_is_closed_when_idle(self):
        with Server("frame_server", "--idle-timeout", "0.2") as server, server.connect() as connection:
            connection.sendall(frame(b"one") + b"\0\0\0\x09on")
            self.assertEqual(receive_all(connection), frame(b"one"))
            server.wait_for(b"timed out\n", "stderr")


if __name__ == "__main__":
    unittest.main()
