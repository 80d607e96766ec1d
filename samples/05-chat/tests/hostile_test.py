"""What chat_server does with input that is no good, and with those who send it."""

import contextlib
import os
import socket
import ssl
import time
import unittest

from programs import PATIENCE, Server, send_bytes_until_disconnected
from talkers import SANITIZED, Talker

TOO_LONG = "* this line is too long, and nobody has seen it: a line has 1000 bytes at most"


def tls_hello():
    """The first bytes that a browser sends."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="example.org").do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


class HostileInput(unittest.TestCase):
    def test_a_line_may_have_a_thousand_bytes(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice:
            alice.say("x" * 1000)
            self.assertEqual(alice.line(), "alice: " + "x" * 1000)

    def test_a_longer_line_is_refused_and_the_next_one_is_heard(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            for size in (1001, 100_000):
                alice.say("x" * size + "\nback again")
                self.assertEqual(alice.wait_for("alice: .*")[-2:], [TOO_LONG, "alice: back again"])
            self.assertEqual(bob.told_at_once(), 2 * ["alice: back again"])

    def test_fault_30_an_endless_line_gets_an_answer_and_no_memory(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice:
            alice.say("warm")
            alice.wait_for("alice: warm")
            before = server.memory()
            for _ in range(64):
                alice.sendall(b"x" * (1 << 20))
            self.assertEqual(alice.line(), TOO_LONG)
            if not SANITIZED:
                self.assertLess(server.memory() - before, 1 << 20)
            alice.say("\nstill here")
            self.assertEqual(alice.line(), "alice: still here")

    # What a client owes

    def test_a_line_that_is_not_complete_in_time_ends_the_connection_however_it_arrives(self):
        with (Server("chat_server", "--line-timeout", "1", "--idle-timeout", "3600") as server,
              Talker(server, "bob") as bob):
            for beginning in (b"", b"x" * 2000):  # the rest of a line that is too long is owed, too
                with Talker(server, "alice") as alice:
                    alice.sendall(beginning)
                    send_bytes_until_disconnected(alice)
                self.assertEqual(bob.wait_for(r"\* alice has left.*")[-1], "* alice has left: silent for too long")
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr", 2)
            bob.say("silence between lines is no delay")
            bob.wait_for("bob: silence .*")

    def test_a_client_without_a_name_is_disconnected_in_time_whatever_it_sends(self):
        with (Server("chat_server", "--name-timeout", "1", "--rate", "0", "--idle-timeout", "3600") as server,
              Talker(server, "bob") as bob):
            with Talker(server) as silent:
                self.assertEqual(silent.rest(), [])
            with Talker(server) as slow:
                send_bytes_until_disconnected(slow)
            with Talker(server) as talkative, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                give_up_at = time.monotonic() + PATIENCE
                while time.monotonic() < give_up_at:
                    talkative.say("/help")
                    if not talkative.recv(65536):
                        break
            server.wait_for(b" disconnected: time limit of 1 s: timed out\n", "stderr", 3)
            bob.say("still here")
            bob.wait_for("bob: still here")

    def test_fault_32_nul_and_invalid_utf8_reach_others_escaped(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            alice.sendall(b"nul \0 latin \xe9 cut \xe4\xbd long \xc0\xaf surrogate \xed\xa0\x80 never \xff\n")
            self.assertEqual(
                bob.line(), r"alice: nul \x00 latin \xe9 cut \xe4\xbd long \xc0\xaf surrogate \xed\xa0\x80 never \xff")

    def test_sequences_that_control_terminals_reach_others_escaped(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            alice.say("\x1b[2J\x1b]0;title\x07 \x9b31m \r\x08\x7f \u202egnp.exe\u2028")
            self.assertEqual(bob.line(), r"alice: \x1b[2J\x1b]0;title\x07 \xc2\x9b31m "
                                         r"\r\x08\x7f \xe2\x80\xaegnp.exe\xe2\x80\xa8")
            alice.say("/msg bob \x1b[2J")
            self.assertEqual(bob.line(), r"alice to you: \x1b[2J")

    def test_characters_that_are_invisible_reach_others_escaped(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            alice.say("\u3164 \u00ad \u2800 \u00a0 b\u200dob \U0001f469\u200d\U0001f4bb")
            self.assertEqual(bob.line(), r"alice: \xe3\x85\xa4 \xc2\xad \xe2\xa0\x80 \xc2\xa0 b\xe2\x80\x8dob "
                                         "\U0001f469\u200d\U0001f4bb")

    def test_fault_33_who_speaks_another_protocol_is_no_danger(self):
        hellos = (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", tls_hello(), b"SSH-2.0-OpenSSH_9.2\r\n", bytes(1000),
                  b"\xff\xfb\x1f\xff\xfd\x03\n", b"\n" * 1000, os.urandom(3000))
        with Server("chat_server", "--rate", "0") as server, Talker(server, "alice") as alice:
            for hello in hellos:
                with Talker(server) as stranger:
                    stranger.sendall(hello)
                    stranger.shutdown(socket.SHUT_WR)
                    answers = stranger.rest()
                    self.assertEqual(answers.pop(), "* bye")
                    self.assertLessEqual(set(answers), {"* first say who you are: /nick NAME", TOO_LONG})
            alice.say("anybody?")
            self.assertEqual(alice.line(), "alice: anybody?")

    def test_nobody_can_speak_for_the_server_or_for_others(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            for line in ("* bob has left", "bob: I owe alice money", "bob to you: psst", "x\rbob: y", "x\n* bye"):
                alice.say(line)
            alice.say("done")
            for line in bob.wait_for("alice: done"):
                self.assertTrue(line.startswith("alice: "), line)

    def test_many_rooms_of_one_person_take_no_memory(self):
        with Server("chat_server", "--rate", "0") as server, Talker(server, "alice") as alice:
            def visit(rooms):
                for i in rooms:
                    alice.say(f"/join room{i}\n" + 5 * ("x" * 900 + "\n"))
                    alice.wait_for(rf"\* you are in room{i}, alone")
                    for _ in range(5):
                        alice.line()

            visit(range(50))
            before = server.memory()
            visit(range(50, 500))
            if not SANITIZED:
                self.assertLess(server.memory() - before, 1 << 20)
            alice.say("/rooms")
            self.assertEqual(alice.line(), "* rooms: room499 (1)")


if __name__ == "__main__":
    unittest.main()
