"""line_server, compared with the tutorial's StreamRequestHandler."""

import asyncio
import contextlib
import random
import re
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import unittest

from programs import TIMEOUT, PythonServer, Server, file_beside, receive_all, receive_exactly

TCP_INFO_SEGMENTS_WITH_DATA_RECEIVED = 152  # the offset of tcpi_data_segs_in in Linux's struct tcp_info


def lines_of(data):
    """Splits `data` into lines with their line endings; the last one may have none."""
    return [line for line in re.split(rb"(?<=\n)", data) if line]


def replies_to(data):
    """Returns the replies that the server must send."""
    return b"".join(b"hello " + line for line in lines_of(data))


def exchange(port, data):
    """Sends `data` and concurrently receives until the end of the stream; returns what was received."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        def send():
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            return receive_all(connection)
        finally:
            sender.join(TIMEOUT)


@contextlib.contextmanager
def binary_line_server():
    """Runs the tutorial's handler without its conversions, which fail on invalid UTF-8; yields the port."""
    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(b"hello " + line)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(TIMEOUT)


class Lines(unittest.TestCase):
    # Lines and their replies

    def test_each_line_is_answered_with_hello(self):
        with Server("line_server") as server:
            self.assertEqual(exchange(server.port, b"Alice\nBob\n"), b"hello Alice\nhello Bob\n")

    def test_a_reply_has_the_line_ending_of_its_line(self):
        with Server("line_server") as server:
            self.assertEqual(exchange(server.port, b"unix\ndos\r\nmac\rstill mac\r\r\n"),
                             b"hello unix\nhello dos\r\nhello mac\rstill mac\r\r\n")

    def test_a_last_line_without_lf_is_answered_without_lf(self):
        with Server("line_server") as server:
            self.assertEqual(exchange(server.port, b"first\nlast"), b"hello first\nhello last")
            self.assertEqual(exchange(server.port, b"last\r"), b"hello last\r")

    def test_an_empty_line_is_answered_and_an_empty_stream_is_not(self):
        with Server("line_server") as server:
            self.assertEqual(exchange(server.port, b"\n\r\n\n"), b"hello \nhello \r\nhello \n")
            self.assertEqual(exchange(server.port, b""), b"")

    # Compared with Python

    def test_the_replies_equal_those_of_the_tutorials_server(self):
        random_numbers = random.Random(1)
        alphabet = "\n\n\r\0 abcäöü€漢字😀"
        with Server("line_server") as ours, PythonServer(file_beside(__file__, "line_socketserver.py")) as theirs:
            for _ in range(20):
                sent = "".join(random_numbers.choices(alphabet, k=random_numbers.randrange(2000))).encode()
                self.assertEqual(exchange(ours.port, sent), exchange(theirs.port, sent))

    def test_the_replies_to_any_bytes_equal_those_of_a_stream_request_handler(self):
        random_numbers = random.Random(2)
        with Server("line_server") as ours, binary_line_server() as theirs:
            for size in (1, 10, 1000, 16383, 16384, 16385, 100_000):
                for average_line in (2, 20, 200):
                    sent = bytes(10 if random_numbers.randrange(average_line) == 0 else random_numbers.randrange(256)
                                 for _ in range(size))
                    self.assertTrue(exchange(ours.port, sent) == exchange(theirs, sent), (size, average_line))

    def test_the_tutorials_client_works_with_both_servers(self):
        asked = "Alice\nBob\r\n\nfünf €\nlast".encode()
        expected = "".join(f"{line!r}\n" for line in lines_of(replies_to(asked)))
        with Server("line_server") as ours, PythonServer(file_beside(__file__, "line_socketserver.py")) as theirs:
            for server in (ours, theirs):
                ended = subprocess.run([sys.executable, str(file_beside(__file__, "line_client.py")), str(server.port)],
                                       input=asked, capture_output=True, timeout=TIMEOUT)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                self.assertEqual(ended.stdout.decode(), expected)

    def test_nc_works_as_a_client(self):
        nc = shutil.which("nc") or self.skipTest("nc is not installed")
        if b"-N" not in subprocess.run([nc, "-h"], capture_output=True, timeout=TIMEOUT).stderr:
            self.skipTest("this nc has no option to shut down its sending side (-N)")
        with Server("line_server") as server:
            ended = subprocess.run([nc, "-N", "127.0.0.1", str(server.port)], input=b"Alice\nBob\n",
                                   capture_output=True, timeout=TIMEOUT)
            self.assertEqual(ended.stdout, b"hello Alice\nhello Bob\n")

    # Data on the connection

    def test_single_byte_segments_are_assembled_to_lines(self):
        sent = b"Alice\r\n\nBob\n" * 50 + b"last"
        with Server("line_server") as server, server.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in sent:
                connection.sendall(bytes([byte]))
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), replies_to(sent))

    def test_a_reply_does_not_wait_for_the_next_line(self):
        with Server("line_server") as server, server.connect() as connection:
            connection.sendall(b"one\ntwo\nthr")
            self.assertEqual(receive_exactly(connection, 20), b"hello one\nhello two\n")
            connection.sendall(b"ee\n")
            self.assertEqual(receive_exactly(connection, 12), b"hello three\n")

    def test_replies_to_many_lines_in_one_segment_are_sent_in_one_segment(self):
        sent = b"x\n" * 500
        with Server("line_server") as server, server.connect() as connection:
            def segments():
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                if len(info) < TCP_INFO_SEGMENTS_WITH_DATA_RECEIVED + 4:
                    self.skipTest("this kernel does not count segments in TCP_INFO")
                return struct.unpack_from("I", info, TCP_INFO_SEGMENTS_WITH_DATA_RECEIVED)[0]

            before = segments()
            connection.sendall(sent)
            expected = replies_to(sent)
            self.assertEqual(receive_exactly(connection, len(expected)), expected)
            self.assertEqual(segments() - before, 1)

    def test_large_amounts_of_data_are_sent_and_received_concurrently(self):
        sent = b"".join(b"%d\n" % i + b"x" * (i % 3000) + b"\r\n" for i in range(3000))
        with Server("line_server") as server:
            self.assertTrue(exchange(server.port, sent) == replies_to(sent))

    def test_pending_replies_are_sent_after_the_client_shuts_down_its_sending_side(self):
        sent = b"".join(b"line %d\n" % i for i in range(100_000))
        with Server("line_server") as server, server.connect() as connection:
            sender = threading.Thread(target=lambda: (connection.sendall(sent), connection.shutdown(socket.SHUT_WR)))
            sender.start()
            received = receive_all(connection)
            sender.join(TIMEOUT)
            self.assertTrue(received == replies_to(sent))

    def test_hundreds_of_concurrent_clients_are_served_on_several_threads(self):
        number, rounds = 200, 20

        async def run_client(port, index):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for i in range(rounds):
                writer.write(b"%d of client %d\n" % (i, index))
                self.assertEqual(await reader.readline(), b"hello %d of client %d\n" % (i, index))
            writer.close()
            await writer.wait_closed()

        async def run_clients(port):
            await asyncio.gather(*(run_client(port, i) for i in range(number)))

        with Server("line_server", "--threads", "3") as server:
            asyncio.run(asyncio.wait_for(run_clients(server.port), TIMEOUT))
            server.wait_for(b" disconnected\n", "stderr", number)

    def test_a_client_that_is_idle_in_the_middle_of_a_line_is_disconnected(self):
        with Server("line_server", "--idle-timeout", "0.2") as server, server.connect() as connection:
            connection.sendall(b"one\ntw")
            self.assertEqual(receive_all(connection), b"hello one\n")
            server.wait_for(b"timed out\n", "stderr")


if __name__ == "__main__":
    unittest.main()
