"""How frame_server handles malformed and malicious input."""

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
            connection.sendall(b"\0\0\0\0")  # one empty message, or several with a shorter prefix
            self.assertEqual(receive_exactly(connection, 4), b"\0\0\0\0")

    def assert_rejected(self, server, connection, sent, expected=b""):
        """Asserts that earlier messages are answered, the client is disconnected, and other clients are served."""
        connection.sendall(sent)
        self.assertEqual(receive_all(connection), expected)
        connection.close()  # the server lingers until the client closes
        log = server.wait_for(b" disconnected: ", "stderr")
        self.assert_serves(server)
        return log

    def test_a_client_that_sends_a_message_byte_by_byte_is_disconnected_after_the_message_timeout(self):
        with (Server("frame_server", "--message-timeout", "1", "--idle-timeout", "3600") as server,
              server.connect() as other):
            for beginning in (frame(b"x" * 100_000)[:4], b""):  # stops in the message, and in its length
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

    def test_fault_31_an_empty_frame_is_a_message(self):
        with Server("frame_server") as server, server.connect() as connection:
            connection.sendall(frame(b"") * 1000)
            self.assertEqual(receive_exactly(connection, 4000), frame(b"") * 1000)

    def test_fault_31_a_length_of_four_gigabytes_is_rejected_before_memory_is_allocated(self):
        with Server("frame_server") as server, server.connect() as connection:
            self.assert_serves(server)
            before = server.memory()
            log = self.assert_rejected(server, connection, frame(b"before") + struct.pack(">I", 2**32 - 1) + b"xyz",
                                      frame(b"before"))
            self.assertIn(b": longer than the 1048576 bytes allowed\n", log)
            if not SANITIZED:
                self.assertLess(server.memory() - before, MEBIBYTE)

    def test_fault_31_the_highest_length_of_every_encoding_is_rejected(self):
        for prefix, sent in (("u16-le", b"\xff\xff"), ("u32-le", b"\xff" * 4), ("u64-be", b"\xff" * 8),
                             ("u64-le", b"\xff" * 8), ("varint", b"\xff" * 9 + b"\x01")):
            with (self.subTest(prefix), Server("frame_server", "--prefix", prefix, "--max-frame", "1000") as server,
                  server.connect() as connection):
                connection.sendall(sent)
                self.assertEqual(connection.recv(1), b"")
                server.wait_for(b": longer than the 1000 bytes allowed\n", "stderr")

    def test_fault_31_an_endless_varint_is_rejected(self):
        with Server("frame_server", "--prefix", "varint") as server, server.connect() as connection:
            log = self.assert_rejected(server, connection, b"\x03abc" + b"\xff" * 100, b"\x03abc")
            self.assertIn(b": the length prefix is not a valid 64-bit varint\n", log)

    def test_fault_31_a_length_without_its_message_uses_no_memory(self):
        clients = 200
        with Server("frame_server", "--max-frame", str(100 * MEBIBYTE)) as server:
            self.assert_serves(server)
            before = server.memory()
            connections = [server.connect() for _ in range(clients)]
            for connection in connections:
                connection.sendall(frame(b"here") + struct.pack(">I", 100 * MEBIBYTE) + b"and no more")
            for connection in connections:
                receive_exactly(connection, 8)  # the server has read the second length, too
            held = server.memory() - before
            for connection in connections:
                connection.close()
            if not SANITIZED:
                self.assertLess(held, clients * 128 * 1024)

    def test_a_message_of_the_maximum_size_is_accepted_and_a_longer_one_is_rejected(self):
        with Server("frame_server", "--max-frame", "1000") as server, server.connect() as connection:
            longest = frame(b"x" * 1000)
            self.assert_rejected(server, connection, longest + frame(b"x" * 1001), longest)

    def test_replies_arrive_although_a_rejected_client_keeps_sending(self):
        with Server("frame_server", "--max-frame", "10") as server, server.connect() as connection:
            connection.sendall(frame(b"before") + struct.pack(">I", 2**31))
            self.assertEqual(connection.recv(1, socket.MSG_PEEK), b"\0")
            connection.sendall(b"x" * MEBIBYTE)  # unread, this would reset the connection
            self.assertEqual(receive_all(connection), frame(b"before"))

    def test_fault_32_a_message_may_contain_any_bytes(self):
        messages = [bytes(range(256)), b"\0", b"\xff\xfe", b"\n", b"\r\n", b"\x1b[31mred"]
        sent = b"".join(map(frame, messages))
        with Server("frame_server") as server, server.connect() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), sent)
            self.assertNotIn(b"\x1b", server.wait_for(b" disconnected\n", "stderr"))

    def test_fault_33_a_tls_client_is_rejected_and_the_server_continues(self):
        with Server("frame_server") as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with server.connect() as connection, self.assertRaises(OSError):  # SSLError is one
                context.wrap_socket(connection)
            server.wait_for(b": longer than the 1048576 bytes allowed\n", "stderr")  # 0x16030100 = "TLS handshake"
            self.assert_serves(server)

    def test_fault_33_an_http_request_is_rejected_and_the_server_continues(self):
        with Server("frame_server") as server, server.connect() as connection:
            log = self.assert_rejected(server, connection, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
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

    def test_a_client_that_is_idle_in_the_middle_of_a_frame_is_disconnected(self):
        with Server("frame_server", "--idle-timeout", "0.2") as server, server.connect() as connection:
            connection.sendall(frame(b"one") + b"\0\0\0\x09on")
            self.assertEqual(receive_all(connection), frame(b"one"))
            server.wait_for(b"timed out\n", "stderr")


if __name__ == "__main__":
    unittest.main()
