"""How chat_server and chat_client end when a signal tells them to."""

import signal
import unittest

from programs import Program, Server, path_of
from talkers import LITTLE, LONG_LINE, MANY_LINES, Talker

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def test_a_server_without_clients_ends_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server("chat_server", "--drain", LONG) as server:
                server.send_signal(number)
                self.assertEqual(server.wait()[0::2], (0, b""))

    def test_everybody_is_told_that_the_server_ends(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with (Server("chat_server", "--drain", LONG) as server, Talker(server, "alice") as alice,
                  Talker(server) as stranger):
                server.send_signal(number)
                for each in (alice, stranger):
                    self.assertEqual(each.rest(), ["* bye: the server ends"])
                    each.close()
                self.assertEqual(server.wait()[0], 0)

    def test_what_is_queued_is_delivered_first(self):
        with (Server("chat_server", "--drain", LONG, "--rate", "0", "--queue", "100000", "--queue-size", "1G",
                     "--history", "0") as server,
              Talker(server, "alice") as alice, Talker(server, "late", buffer=LITTLE) as late):
            alice.wait_for(r"\* late has come")
            for i in range(MANY_LINES):
                alice.say(f"{i} {LONG_LINE}")
                alice.line()
            server.send_signal(signal.SIGTERM)
            self.assertEqual(alice.rest(), ["* bye: the server ends"])
            alice.close()
            *heard, last = late.rest()
            self.assertEqual(last, "* bye: the server ends")
            self.assertEqual([int(line.split()[1]) for line in heard], list(range(MANY_LINES)))
            late.close()
            self.assertEqual(server.wait()[0], 0)

    def test_who_does_not_read_does_not_keep_the_server_longer_than_the_drain(self):
        with (Server("chat_server", "--drain", "0.3", "--rate", "0", "--queue", "100000", "--queue-size", "1G",
                     "--history", "0") as server,
              Talker(server, "alice") as alice, Talker(server, "sleeper", buffer=LITTLE)):
            for _ in range(MANY_LINES):
                alice.say(LONG_LINE)
                alice.wait_for("alice: .*")
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait()[0], 0)

    def test_nobody_else_is_let_in_meanwhile(self):
        with (Server("chat_server", "--drain", LONG) as server, Talker(server, "alice") as alice):
            server.send_signal(signal.SIGTERM)
            self.assertEqual(alice.line(), "* bye: the server ends")
            with self.assertRaises(ConnectionRefusedError):
                server.connect()

    def test_a_second_signal_ends_the_server_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with (Server("chat_server", "--drain", LONG, "--write-timeout", LONG, "--rate", "0", "--queue", "100000",
                         "--queue-size", "1G", "--history", "0") as server,
                  Talker(server, "alice") as alice, Talker(server, "sleeper", buffer=LITTLE)):
                for _ in range(MANY_LINES):
                    alice.say(LONG_LINE)
                    alice.wait_for("alice: .*")
                server.send_signal(signal.SIGTERM)
                alice.wait_for(r"\* bye: .*")
                server.send_signal(number)
                self.assertEqual(server.wait()[0], status)

    def test_a_client_ends_with_its_server(self):
        with (Server("chat_server") as server,
              Program(path_of("chat_client"), "--port", str(server.port), "alice") as client):
            client.wait_for(b"alone\n", "stdout")
            server.send_signal(signal.SIGTERM)
            status, output, complaints = client.wait()
            self.assertEqual((status, complaints), (0, b""))
            self.assertTrue(output.endswith(b"* bye: the server ends\n"))

    def test_a_client_that_waits_for_input_ends_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with (Server("chat_server") as server, Talker(server, "bob") as bob,
                  Program(path_of("chat_client"), "--port", str(server.port), "alice") as client):
                client.wait_for(b"* you are in lobby, with bob\n", "stdout")
                client.send_signal(number)
                self.assertEqual(client.wait()[0::2], (0, b""))
                bob.wait_for(r"\* alice has left.*")


if __name__ == "__main__":
    unittest.main()
