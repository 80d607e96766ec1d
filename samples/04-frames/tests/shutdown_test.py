"""How frame_server and frame_client shut down on SIGINT and SIGTERM."""

import signal
import struct
import threading
import unittest

from programs import TIMEOUT, Peer, Program, Server, path_of, receive_all, receive_exactly

LONG = "3600"  # seconds


def frame(message):
    return struct.pack(">I", len(message)) + message


class Shutdown(unittest.TestCase):
    def test_a_message_that_is_partly_received_is_completed_and_answered(self):
        for threads in ("1", "2"):
            with (Server("frame_server", "--drain", LONG, "--threads", threads) as server,
                  server.connect() as connection):
                connection.sendall(frame(b"before") + frame(b"begun")[:6])
                receive_exactly(connection, 10)
                server.send_signal(signal.SIGTERM)
                server.wait_for(b" for 1 connection\n", "stderr")
                connection.sendall(frame(b"begun")[6:])
                self.assertEqual(receive_exactly(connection, 9), frame(b"begun"))
                connection.close()
                self.assertEqual(server.wait()[0], 0)

    def test_a_client_that_does_not_finish_within_the_drain_time_is_disconnected(self):
        for naive in ([], ["--naive"]):
            with Server("frame_server", "--drain", "0.2", *naive) as server, server.connect() as connection:
                connection.sendall(frame(b"x"))
                receive_exactly(connection, 5)
                server.send_signal(signal.SIGTERM)
                self.assertEqual(receive_all(connection), b"")
                self.assertEqual(server.wait()[0], 0)

    def test_a_second_signal_kills_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with Server("frame_server", "--drain", LONG) as server, server.connect() as connection:
                connection.sendall(frame(b"x"))
                receive_exactly(connection, 5)
                server.send_signal(signal.SIGTERM)
                server.wait_for(b" for 1 connection\n", "stderr")
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)

    def test_a_signal_ends_a_client_that_waits_for_a_reply_with_status_0(self):
        client_has_exited = threading.Event()

        def talk(connection):
            receive_exactly(connection, 9)
            process.send_signal(signal.SIGINT)
            client_has_exited.wait(TIMEOUT)

        with Peer(talk) as peer, Program(path_of("frame_client"), "--port", str(peer.port), "hello") as process:
            status, output, errors = process.wait()
            client_has_exited.set()
            self.assertEqual((status, output, errors), (0, b"sent 5 bytes, b'hello'\n", b""))


if __name__ == "__main__":
    unittest.main()
