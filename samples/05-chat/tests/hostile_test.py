"""How chat_server handles malformed and malicious input."""

import contextlib
import os
import socket
import ssl
import time
import unittest

from programs import TIMEOUT, Server, send_bytes_until_disconnected
from chat_users import SANITIZED, ChatUser

TOO_LONG = "* line too long, not delivered; the maximum is 1000 bytes"


def tls_hello():
    """Returns the first message of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="example.org").do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


class HostileInput(unittest.TestCase):
    def test_a_line_of_the_maximum_size_is_accepted(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice:
            alice.write("x" * 1000)
            self.assertEqual(alice.line(), "alice: " + "x" * 1000)

    def test_a_line_that_is_too_long_is_rejected_and_the_next_one_is_delivered(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            for size in (1001, 100_000):
                alice.write("x" * size + "\nback again")
                self.assertEqual(alice.wait_for("alice: .*")[-2:], [TOO_LONG, "alice: back again"])
            self.assertEqual(bob.received_so_far(), 2 * ["alice: back again"])

    def test_fault_30_an_endless_line_is_rejected_with_a_message_and_uses_no_memory(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice:
            alice.write("warm")
            alice.wait_for("alice: warm")
            before = server.memory()
            for _ in range(64):
                alice.sendall(b"x" * (1 << 20))
            self.assertEqual(alice.line(), TOO_LONG)
            if not SANITIZED:
                self.assertLess(server.memory() - before, 1 << 20)
            alice.write("\nstill here")
            self.assertEqual(alice.line(), "alice: still here")

    # Deadlines

    def test_a_user_that_sends_a_line_byte_by_byte_is_disconnected_after_the_line_timeout(self):
        with (Server("chat_server", "--line-timeout", "1", "--idle-timeout", "3600") as server,
              ChatUser(server, "bob") as bob):
            for beginning in (b"", b"x" * 2000):  # the deadline includes the rest of a line that is too long
                with ChatUser(server, "alice") as alice:
                    alice.sendall(beginning)
                    send_bytes_until_disconnected(alice)
                self.assertEqual(bob.wait_for(r"\* alice has left.*")[-1], "* alice has left: timed out")
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr", 2)
            bob.write("silence between lines is no delay")
            bob.wait_for("bob: silence .*")

    def test_a_client_without_a_name_is_disconnected_after_the_name_timeout_whatever_it_sends(self):
        with (Server("chat_server", "--name-timeout", "1", "--rate", "0", "--idle-timeout", "3600") as server,
              ChatUser(server, "bob") as bob):
            with ChatUser(server) as silent:
                self.assertEqual(silent.rest(), [])
            with ChatUser(server) as slow:
                send_bytes_until_disconnected(slow)
            with ChatUser(server) as talkative, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                give_up_at = time.monotonic() + TIMEOUT
                while time.monotonic() < give_up_at:
                    talkative.write("/help")
                    if not talkative.recv(65536):
                        break
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr", 3)
            bob.write("still here")
            bob.wait_for("bob: still here")

    def test_fault_32_nul_bytes_and_invalid_utf8_are_escaped(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            alice.sendall(b"nul \0 latin \xe9 cut \xe4\xbd long \xc0\xaf surrogate \xed\xa0\x80 never \xff\n")
            self.assertEqual(
                bob.line(), r"alice: nul \x00 latin \xe9 cut \xe4\xbd long \xc0\xaf surrogate \xed\xa0\x80 never \xff")

    def test_terminal_control_sequences_are_escaped(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            alice.write("\x1b[2J\x1b]0;title\x07 \x9b31m \r\x08\x7f \u202egnp.exe\u2028")
            self.assertEqual(bob.line(), r"alice: \x1b[2J\x1b]0;title\x07 \xc2\x9b31m "
                                         r"\r\x08\x7f \xe2\x80\xaegnp.exe\xe2\x80\xa8")
            alice.write("/msg bob \x1b[2J")
            self.assertEqual(bob.line(), r"alice to you: \x1b[2J")

    def test_invisible_characters_are_escaped(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            alice.write("\u3164 \u00ad \u2800 \u00a0 b\u200dob \U0001f469\u200d\U0001f4bb")
            self.assertEqual(bob.line(), r"alice: \xe3\x85\xa4 \xc2\xad \xe2\xa0\x80 \xc2\xa0 b\xe2\x80\x8dob "
                                         "\U0001f469\u200d\U0001f4bb")

    def test_fault_33_clients_of_other_protocols_do_not_affect_the_server(self):
        hellos = (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", tls_hello(), b"SSH-2.0-OpenSSH_9.2\r\n", bytes(1000),
                  b"\xff\xfb\x1f\xff\xfd\x03\n", b"\n" * 1000, os.urandom(3000))
        with Server("chat_server", "--rate", "0") as server, ChatUser(server, "alice") as alice:
            for hello in hellos:
                with ChatUser(server) as unnamed:
                    unnamed.sendall(hello)
                    unnamed.shutdown(socket.SHUT_WR)
                    answers = unnamed.rest()
                    self.assertEqual(answers.pop(), "* bye")
                    self.assertLessEqual(set(answers), {"* choose a name first: /nick NAME", TOO_LONG})
            alice.write("hello?")
            self.assertEqual(alice.line(), "alice: hello?")

    def test_a_user_cannot_forge_messages_of_the_server_or_of_others(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            for line in ("* bob has left", "bob: I owe alice money", "bob to you: psst", "x\rbob: y", "x\n* bye"):
                alice.write(line)
            alice.write("done")
            for line in bob.wait_for("alice: done"):
                self.assertTrue(line.startswith("alice: "), line)

    def test_many_rooms_created_by_one_user_use_no_memory(self):
        with Server("chat_server", "--rate", "0") as server, ChatUser(server, "alice") as alice:
            def visit(rooms):
                for i in rooms:
                    alice.write(f"/join room{i}\n" + 5 * ("x" * 900 + "\n"))
                    alice.wait_for(rf"\* you are in room{i}, alone")
                    for _ in range(5):
                        alice.line()

            visit(range(50))
            before = server.memory()
            visit(range(50, 500))
            if not SANITIZED:
                self.assertLess(server.memory() - before, 1 << 20)
            alice.write("/rooms")
            self.assertEqual(alice.line(), "* rooms: room499 (1)")


if __name__ == "__main__":
    unittest.main()
