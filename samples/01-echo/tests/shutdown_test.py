"""How echo_server and echo_client shut down on SIGINT and SIGTERM."""

import signal
import unittest

from programs import Peer, Program, Server, path_of, receive_all, receive_exactly

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def test_a_server_without_clients_exits_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server("echo_server", "--drain", LONG) as server:
                server.send_signal(number)
                status, _, errors = server.wait()
                self.assertEqual((status, errors), (0, b""))

    def test_connected_clients_may_finish_while_the_server_shuts_down(self):
        for threads in (1, 2):
            with (Server("echo_server", "--drain", LONG, "--threads", str(threads)) as server,
                  server.connect() as connection):
                connection.sendall(b"before")
                receive_exactly(connection, 6)
                server.send_signal(signal.SIGTERM)
                server.wait_for(b" for 1 connection\n", "stderr")
                connection.sendall(b"after")
                self.assertEqual(receive_exactly(connection, 5), b"after")
                connection.close()
                self.assertEqual(server.wait()[0], 0)

    def test_new_connections_are_refused_while_the_server_shuts_down(self):
        with Server("echo_server", "--drain", LONG) as server, server.connect() as connection:
            connection.sendall(b"x")
            receive_exactly(connection, 1)
            server.send_signal(signal.SIGTERM)
            server.wait_for(b" for 1 connection\n", "stderr")
            with self.assertRaises(ConnectionRefusedError):
                server.connect()

    def test_a_client_that_does_not_finish_within_the_drain_time_is_disconnected(self):
        with Server("echo_server", "--drain", "0.2") as server, server.connect() as connection:
            connection.sendall(b"x")
            receive_exactly(connection, 1)
            server.send_signal(signal.SIGTERM)
            self.assertEqual(receive_all(connection), b"")
            self.assertEqual(server.wait()[0], 0)

    def test_a_second_signal_kills_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with Server("echo_server", "--drain", LONG) as server, server.connect() as connection:
                connection.sendall(b"x")
                receive_exactly(connection, 1)
                server.send_signal(signal.SIGTERM)
                server.wait_for(b" for 1 connection\n", "stderr")
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)

    def test_sigusr1_prints_the_waiting_tasks_and_the_server_continues(self):
        with Server("echo_server") as server, server.connect() as connection:
            connection.sendall(b"x")
            receive_exactly(connection, 1)
            server.send_signal(signal.SIGUSR1)
            server.wait_for(b" at echo_server.cpp:", "stderr")
            connection.sendall(b"y")
            self.assertEqual(receive_exactly(connection, 1), b"y")

    def test_a_signal_ends_a_client_that_waits_for_input_with_status_0(self):
        with Server("echo_server") as server:
            for number in (signal.SIGTERM, signal.SIGINT):
                with Program(path_of("echo_client"), "--port", str(server.port), "-") as process:
                    process.write(b"one\n")
                    process.wait_for(b"b'one'\n", "stdout")
                    process.send_signal(number)
                    status, output, errors = process.wait()
                    self.assertEqual((status, errors), (0, b""))
                    self.assertRegex(output.splitlines()[-1], rb"^1 lines, 3 bytes, ")

    def test_a_signal_ends_a_client_that_waits_for_a_reply_with_status_0(self):
        def talk(connection):
            receive_exactly(connection, 4)
            process.send_signal(signal.SIGINT)
            receive_all(connection)

        with Peer(talk) as peer, Program(path_of("echo_client"), "--port", str(peer.port), "-") as process:
            process.write(b"well\n")
            status, output, errors = process.wait()
            self.assertEqual((status, errors), (0, b""))
            self.assertRegex(output, rb"^0 lines, 0 bytes, ")


if __name__ == "__main__":
    unittest.main()
