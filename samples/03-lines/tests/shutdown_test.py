"""How line_server ends when a signal tells it to."""

import signal
import unittest

from programs import Server, receive_all, receive_exactly

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def begin_to_end(self, server, connection):
        connection.sendall(b"before\n")
        receive_exactly(connection, len("hello before\n"))
        server.send_signal(signal.SIGTERM)
        server.wait_for(b"ending: 1 connected", "stderr")

    def test_a_line_that_is_under_way_is_still_answered(self):
        for threads in ("1", "2"):
            with Server("line_server", "--drain", LONG, "--threads", threads) as server, server.connect() as connection:
                connection.sendall(b"before\nbeg")
                receive_exactly(connection, len("hello before\n"))
                server.send_signal(signal.SIGTERM)
                server.wait_for(b"ending: 1 connected", "stderr")
                connection.sendall(b"un\n")
                self.assertEqual(receive_exactly(connection, len("hello begun\n")), b"hello begun\n")
                connection.close()
                self.assertEqual(server.wait()[0], 0)

    def test_who_does_not_finish_in_time_is_cut_off(self):
        with Server("line_server", "--drain", "0.2") as server, server.connect() as connection:
            self.begin_to_end(server, connection)
            self.assertEqual(receive_all(connection), b"")
            status, _, log = server.wait()
            self.assertEqual(status, 0)
            self.assertIn(b" cut off\n", log)

    def test_who_has_not_been_heard_out_does_not_hold_up_the_end(self):
        with Server("line_server", "--drain", "0.2", "--max-line", "10") as server, server.connect() as connection:
            connection.sendall(b"this is too long")
            self.assertTrue(receive_all(connection).startswith(b"error: "))  # and now the server waits for the rest
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[0], 0)

    def test_a_second_signal_ends_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with Server("line_server", "--drain", LONG) as server, server.connect() as connection:
                self.begin_to_end(server, connection)
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)


if __name__ == "__main__":
    unittest.main()
