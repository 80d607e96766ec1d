"""frame_server and frame_client, tested with each other and with Python, with and without framing."""

import asyncio
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

from programs import (TIMEOUT, Peer, Program, PythonServer, Server, file_beside, path_of, receive_all,
                      receive_exactly, run)

PREFIXES = ("u8", "u16-be", "u16-le", "u32-be", "u32-le", "u64-be", "u64-le", "varint")


def client(server, *arguments):
    return run("frame_client", "--port", str(server.port), *arguments)


def varint(number):
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def frame(message, prefix="u32-be"):
    if prefix == "varint":
        return varint(len(message)) + message
    bits, _, order = prefix.partition("-")
    return len(message).to_bytes(int(bits[1:]) // 8, "little" if order == "le" else "big") + message


def python_program(name, *arguments):
    return subprocess.run([sys.executable, str(file_beside(__file__, name)), *arguments], capture_output=True,
                          timeout=TIMEOUT)


class Naive(unittest.TestCase):
    def test_without_framing_messages_that_arrive_together_are_read_as_one(self):
        with Server("frame_server", "--naive") as server:
            server.send_signal(signal.SIGSTOP)  # the server reads only after more than one message was sent
            with Program(path_of("frame_client"), "--naive", "--port", str(server.port), "first", "second",
                         "third") as process:
                process.wait_for(b"sent 5 bytes, b'third'\n", "stdout")
                # The client prints this before it sends the third message: the first two have been sent by now.
                server.send_signal(signal.SIGCONT)
                status, output, errors = process.wait()
            self.assertEqual((status, errors), (0, b""))
            log = server.wait_for(b"disconnected\n", "stderr")
            self.assertRegex(log, rb" read 1: \d+ bytes, b'firstsecond")
            self.assertRegex(output.splitlines()[-1], rb"^3 messages sent, [12] received$")

    def test_without_framing_a_message_larger_than_the_read_buffer_is_split(self):
        with Server("frame_server", "--naive") as server:
            ended = client(server, "--naive", "x" * 20_000)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            log = server.wait_for(b"disconnected\n", "stderr")
            self.assertIn(b" read 3: ", log)
            self.assertNotIn(b" 20000 bytes", log)
            self.assertRegex(ended.stdout.splitlines()[-1], rb"^1 messages sent, ([3-9]|\d\d+) received$")


class Frames(unittest.TestCase):
    def assert_echoed_one_by_one(self, ended, messages):
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))
        *lines, summary = ended.stdout.decode().splitlines()
        previews = [f"{len(m)} bytes, {m.encode()!r}" for m in messages]
        self.assertEqual([line for line in lines if line.startswith("sent ")], [f"sent {p}" for p in previews])
        self.assertEqual([line for line in lines if line.startswith("received ")], [f"received {p}" for p in previews])
        self.assertEqual(summary, f"{len(messages)} messages sent, {len(messages)} received")

    # With each other, and with Python

    def test_each_message_is_received_as_it_was_sent(self):
        messages = ["first", "second", "", "the fourth, in Chinese: 粘包"]
        with Server("frame_server") as server:
            ended = client(server, *messages)
            self.assertEqual(ended.returncode, 0)
            log = server.wait_for(b"disconnected\n", "stderr").decode()
            for number, message in enumerate(messages, 1):
                self.assertIn(f" message {number}: {len(message.encode())} bytes, {message.encode()!r}\n", log)
            self.assertIn(b"4 messages sent, 4 received\n", ended.stdout)

    def test_every_length_encoding_works(self):
        messages = ["first", "x" * 30, "third"]
        for prefix in PREFIXES:
            with (self.subTest(prefix), Server("frame_server", "--prefix", prefix) as server,
                  server.connect() as connection):
                self.assert_echoed_one_by_one(client(server, "--prefix", prefix, *messages), messages)
                frames = frame(b"", prefix) + frame(b"y" * 200, prefix)
                connection.sendall(frames)
                self.assertEqual(receive_exactly(connection, len(frames)), frames)

    def test_tens_of_thousands_of_messages_are_echoed(self):
        with Server("frame_server", "--quiet") as server:
            ended = client(server, "--quiet", "--count", "20000", "a", "bb", "", "dddd" * 20)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(ended.stdout, b"80000 messages sent, 80000 received\n")

    def test_large_messages_are_sent_and_received_concurrently(self):
        with Server("frame_server") as server:
            ended = client(server, "--quiet", "--count", "500", "x" * 100_000)  # 50 MB each way
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(ended.stdout, b"500 messages sent, 500 received\n")

    def test_the_client_works_with_a_python_server(self):
        messages = ["first", "second", "third"]
        with PythonServer(file_beside(__file__, "frame_server.py")) as server:
            self.assert_echoed_one_by_one(client(server, *messages), messages)

    def test_a_python_client_sends_a_header_and_a_file_to_the_server(self):
        with Server("frame_server") as server, tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "content.bin")
            file.write_bytes(os.urandom(300_000))
            ended = python_program("frame_client.py", str(server.port), str(file))
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(ended.stdout,
                             b"{'name': 'content.bin', 'size': 300000}\nthe same content came back: True\n")
            self.assertIn(b" message 2: 300000 bytes", server.wait_for(b"disconnected\n", "stderr"))

    def test_the_python_client_and_server_work_with_each_other(self):
        with PythonServer(file_beside(__file__, "frame_server.py")) as server:
            ended = python_program("frame_client.py", str(server.port), __file__)
            self.assertEqual(ended.returncode, 0)
            self.assertIn(b"the same content came back: True\n", ended.stdout)

    # Data on the connection

    def test_fault_11_single_byte_segments_are_assembled_to_messages(self):
        sent = b"".join(frame(m) for m in (b"first", b"", b"\0\xff" * 50, b"last"))
        with Server("frame_server") as server, server.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in sent:
                connection.sendall(bytes([byte]))
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), sent)

    def test_fault_13_several_frames_in_one_segment_are_split_exactly(self):
        messages = [b"x" * size for size in (0, 1, 2, 3, 100, 0, 0, 7)]
        with Server("frame_server") as server, server.connect() as connection:
            connection.sendall(b"".join(map(frame, messages)) + frame(b"torn")[:6])
            receive_exactly(connection, sum(4 + len(m) for m in messages))
            connection.sendall(b"rn")
            receive_exactly(connection, 8)
            log = server.wait_for(b" message 9: 4 bytes, b'torn'\n", "stderr")
            for number, message in enumerate(messages, 1):
                self.assertIn(b" message %d: %d byte" % (number, len(message)), log)

    def test_fault_14_the_end_of_the_stream_between_frames_is_not_an_error(self):
        for sent in (b"", frame(b"first"), frame(b"first") + frame(b"")):
            with Server("frame_server") as server, server.connect() as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(connection), sent)
                server.wait_for(b" disconnected\n", "stderr")

    def test_fault_15_the_end_of_the_stream_in_a_frame_is_an_error_with_the_received_and_expected_sizes(self):
        for cut, reason in ((2, b"unexpected end of stream after 2 of 4 bytes"),
                            (4, b"unexpected end of stream after 4 of 9 bytes"),
                            (8, b"unexpected end of stream after 8 of 9 bytes")):
            with self.subTest(cut), Server("frame_server") as server, server.connect() as connection:
                connection.sendall(frame(b"whole") + frame(b"tornn")[:cut])
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(connection), frame(b"whole"))
                server.wait_for(b": " + reason + b"\n", "stderr")

    def test_hundreds_of_concurrent_clients_are_served_on_several_threads(self):
        number, rounds = 200, 20

        async def run_client(port, index):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for i in range(rounds):
                message = frame(b"%d of client %d" % (i, index) * (1 + index % 50))
                writer.write(message)
                self.assertEqual(await reader.readexactly(len(message)), message)
            writer.close()
            await writer.wait_closed()

        async def run_clients(port):
            await asyncio.gather(*(run_client(port, i) for i in range(number)))

        with Server("frame_server", "--threads", "3") as server:
            asyncio.run(asyncio.wait_for(run_clients(server.port), TIMEOUT))
            server.wait_for(b" disconnected\n", "stderr", number)

    # Servers that misbehave

    def assert_client_fails(self, talk, reason, *arguments):
        with Peer(talk) as peer:
            ended = client(peer, *arguments, "first", "second")
        self.assertEqual(ended.returncode, 1)
        reason = reason.replace(b"%s", b"127\\.0\\.0\\.1:%d" % peer.port)
        self.assertRegex(ended.stderr, rb"^frame_client: " + reason + rb"\n$")

    def test_the_client_fails_when_a_message_comes_back_changed(self):
        def talk(connection):
            connection.sendall(frame(b"fjrst"))
            receive_all(connection)

        self.assert_client_fails(talk, rb"message 1 came back changed: 5 bytes, b'fjrst'")

    def test_the_client_fails_when_replies_are_missing(self):
        def talk(connection):
            connection.sendall(frame(b"first"))
            connection.shutdown(socket.SHUT_WR)
            receive_all(connection)

        self.assert_client_fails(talk, rb"%s sent back 1 of 2 messages")

    def test_the_client_fails_when_the_stream_ends_in_the_middle_of_a_reply(self):
        def talk(connection):
            connection.sendall(frame(b"first")[:7])
            connection.shutdown(socket.SHUT_WR)
            receive_all(connection)

        self.assert_client_fails(talk, rb"read a frame from %s: unexpected end of stream after 7 of 9 bytes")

    def test_the_client_fails_when_a_reply_is_too_long(self):
        def talk(connection):
            connection.sendall(struct.pack(">I", 2**32 - 1))
            receive_all(connection)

        self.assert_client_fails(talk, rb"read a frame from %s: longer than the 10 bytes allowed", "--max-frame", "10")

    def test_the_client_fails_when_the_server_is_silent_for_the_timeout(self):
        client_has_exited = threading.Event()
        with Peer(lambda connection: client_has_exited.wait(TIMEOUT)) as peer:
            ended = client(peer, "--quiet", "--timeout", "0.2", "hello")
            client_has_exited.set()
        self.assertEqual((ended.returncode, ended.stdout), (1, b""))
        self.assertEqual(ended.stderr, b"frame_client: read from 127.0.0.1:%d: timed out\n" % peer.port)


if __name__ == "__main__":
    unittest.main()
