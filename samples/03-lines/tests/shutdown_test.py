"""How line_server shuts down on SIGINT and SIGTERM."""

import signal
import unittest

from programs import Server, receive_all, receive_exactly

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def begin_shutdown(self, server, connection):
        connection.sendall(b"before\n")
        receive_exactly(connection, len("hello before\n"))
        server.send_signal(signal.SIGTERM)
        server.wait_for(b" for 1 connection\n", "stderr")

    def test_a_line_that_is_partly_received_is_completed_and_answered(self):
        for threads in ("1", "2"):
            with Server("line_server", "--drain", LONG, "--threads", threads) as server, server.connect() as connection:
                connection.sendall(b"before\nbeg")
                receive_exactly(connection, len("hello before\n"))
                server.send_signal(signal.SIGTERM)
                server.wait_for(b" for 1 connection\n", "stderr")
                connection.sendall(b"un\n")
                self.assertEqual(receive_exactly(connection, len("hello begun\n")), b"hello begun\n")
                connection.close()
                self.assertEqual(server.wait()[0], 0)

    def test_a_client_that_does_not_finish_within_the_drain_time_is_disconnected(self):
        with Server("line_server", "--drain", "0.2") as server, server.connect() as connection:
            self.begin_shutdown(server, connection)
            self.assertEqual(receive_all(connection), b"")
            status, _, log = server.wait()
            self.assertEqual(status, 0)
            self.assertIn(b" disconnected: not finished within 0.2 s\n", log)

    def test_a_lingering_close_does_not_delay_the_shutdown(self):
        with Server("line_server", "--drain", "0.2", "--max-line", "10") as server, server.connect() as connection:
            connection.sendall(b"this is too long")
            self.assertTrue(receive_all(connection).startswith(b"error: "))  # the server lingers
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[0], 0)

    def test_a_second_signal_kills_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with Server("line_server", "--drain", LONG) as server, server.connect() as connection:
                self.begin_shutdown(server, connection)
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)


if __name__ == "__main__":
    unittest.main()
