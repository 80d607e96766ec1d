"""How chat_server and chat_client shut down on SIGINT and SIGTERM."""

import signal
import unittest

from programs import Program, Server, path_of
from chat_users import SMALL_BUFFER, LONG_LINE, MANY_LINES, ChatUser

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def test_a_server_without_clients_exits_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server("chat_server", "--drain", LONG) as server:
                server.send_signal(number)
                self.assertEqual(server.wait()[0::2], (0, b""))

    def test_all_clients_are_notified_of_the_shutdown(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with (Server("chat_server", "--drain", LONG) as server, ChatUser(server, "alice") as alice,
                  ChatUser(server) as unnamed):
                server.send_signal(number)
                for each in (alice, unnamed):
                    self.assertEqual(each.rest(), ["* bye: the server is shutting down"])
                    each.close()
                self.assertEqual(server.wait()[0], 0)

    def test_queued_messages_are_delivered_before_the_shutdown(self):
        with (Server("chat_server", "--drain", LONG, "--rate", "0", "--queue", "100000", "--queue-size", "1G",
                     "--history", "0") as server,
              ChatUser(server, "alice") as alice, ChatUser(server, "late", buffer=SMALL_BUFFER) as late):
            alice.wait_for(r"\* late has joined")
            for i in range(MANY_LINES):
                alice.write(f"{i} {LONG_LINE}")
                alice.line()
            server.send_signal(signal.SIGTERM)
            self.assertEqual(alice.rest(), ["* bye: the server is shutting down"])
            alice.close()
            *heard, last = late.rest()
            self.assertEqual(last, "* bye: the server is shutting down")
            self.assertEqual([int(line.split()[1]) for line in heard], list(range(MANY_LINES)))
            late.close()
            self.assertEqual(server.wait()[0], 0)

    def test_a_user_that_does_not_read_delays_the_shutdown_by_at_most_the_drain_time(self):
        with (Server("chat_server", "--drain", "0.3", "--rate", "0", "--queue", "100000", "--queue-size", "1G",
                     "--history", "0") as server,
              ChatUser(server, "alice") as alice, ChatUser(server, "sleeper", buffer=SMALL_BUFFER)):
            for _ in range(MANY_LINES):
                alice.write(LONG_LINE)
                alice.wait_for("alice: .*")
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[0], 0)

    def test_new_connections_are_refused_while_the_server_shuts_down(self):
        with (Server("chat_server", "--drain", LONG) as server, ChatUser(server, "alice") as alice):
            server.send_signal(signal.SIGTERM)
            self.assertEqual(alice.line(), "* bye: the server is shutting down")
            with self.assertRaises(ConnectionRefusedError):
                server.connect()

    def test_a_second_signal_kills_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with (Server("chat_server", "--drain", LONG, "--write-timeout", LONG, "--rate", "0", "--queue", "100000",
                         "--queue-size", "1G", "--history", "0") as server,
                  ChatUser(server, "alice") as alice, ChatUser(server, "sleeper", buffer=SMALL_BUFFER)):
                for _ in range(MANY_LINES):
                    alice.write(LONG_LINE)
                    alice.wait_for("alice: .*")
                server.send_signal(signal.SIGTERM)
                alice.wait_for(r"\* bye: .*")
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)

    def test_a_client_exits_when_its_server_shuts_down(self):
        with (Server("chat_server") as server,
              Program(path_of("chat_client"), "--port", str(server.port), "alice") as client):
            client.wait_for(b"alone\n", "stdout")
            server.send_signal(signal.SIGTERM)
            status, output, errors = client.wait()
            self.assertEqual((status, errors), (0, b""))
            self.assertTrue(output.endswith(b"* bye: the server is shutting down\n"))

    def test_a_signal_ends_a_client_that_waits_for_input_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with (Server("chat_server") as server, ChatUser(server, "bob") as bob,
                  Program(path_of("chat_client"), "--port", str(server.port), "alice") as client):
                client.wait_for(b"* you are in lobby, with bob\n", "stdout")
                client.send_signal(number)
                self.assertEqual(client.wait()[0::2], (0, b""))
                bob.wait_for(r"\* alice has left.*")


if __name__ == "__main__":
    unittest.main()
