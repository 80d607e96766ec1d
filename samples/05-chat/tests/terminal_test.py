"""What chat_client looks like on a terminal, and how it leaves one behind."""

import os
import signal
import unittest

from programs import PATIENCE, Server, path_of
from talkers import Talker
from terminal import Terminal


class ClientTerminal(Terminal):
    """A terminal on which chat_client runs."""

    def __init__(self, server, name, columns=80):
        # In a process group of its own, with its parent in another: else it could not be stopped.
        super().__init__(path_of("chat_client"), "--port", str(server.port), name, columns=columns,
                         preexec_fn=os.setpgrp)

    def wait_until_stopped(self):
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def lines(self):
        """What is on the screen, without the lines that have nothing on them."""
        lines, column = [""], 0
        rest = self._shown.decode(errors="replace")
        while rest:
            if rest.startswith("\x1b[K"):
                lines[-1], rest = lines[-1][:column], rest[3:]
                continue
            character, rest = rest[0], rest[1:]
            if character == "\n":
                lines.append("")  # the terminal has been told to put a \r in front
            elif character == "\r":
                column = 0
            elif ord(character) >= 32:
                lines[-1] = lines[-1][:column] + character + lines[-1][column + 1:]
                column += 1
            else:
                raise AssertionError(f"{character!r} harms terminals")
        return [line for line in lines if line]

    def all_lines(self):
        """The same, when all that has been written is there."""
        os.write(self._line, b"\n<nothing follows>")
        self.wait_for("<nothing follows>")
        return self.lines()[:-1]

    def wait_for(self, *last):
        """Until these are the last lines on the screen."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.lines()[-len(last):] == list(last), PATIENCE):
                raise AssertionError(f"{last} are not the last of {self.lines()}")


class OnATerminal(unittest.TestCase):
    def test_messages_appear_above_the_line_that_is_being_typed(self):
        with Server("chat_server") as server, Talker(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            alice.type("half a li")
            alice.wait_for("> half a li")
            bob.say("hello")
            alice.wait_for("bob: hello", "> half a li")
            alice.type("ne\r")
            alice.wait_for("bob: hello", "alice: half a line", "> ")
            self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: half a line")

    def test_what_is_typed_can_be_corrected(self):
        with Server("chat_server") as server, Talker(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            for keys, line in (("nonsense\x15hello", "hello"), ("grüße\x7f\x7f\x7fu", "gru"), ("你好\x7f们", "你们"),
                               ("some wrods\x17words", "some words"), ("a\x1b[Db\x1b[3~c", "abc")):
                alice.type(keys)
                alice.wait_for("> " + line)
                alice.type("\r")
                self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: " + line)

    def test_a_line_that_is_too_long_for_the_terminal_shows_its_end(self):
        with Server("chat_server") as server, ClientTerminal(server, "alice", columns=20) as alice:
            alice.wait_for("* you are in lobby, alone", "> ")
            alice.type("the quick brown fox jumps")
            alice.wait_for("> " + "the quick brown fox jumps"[-17:])
            alice.type("\r")
            alice.wait_for("alice: the quick brown fox jumps", "> ")

    def test_nothing_that_others_say_moves_the_cursor(self):
        with Server("chat_server") as server, Talker(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            bob.say("\x1b[2J\r\x07")
            alice.wait_for(r"bob: \x1b[2J\r\x07", "> ")

    def assert_leaves_the_terminal_as_it_was(self, leave, status):
        with Server("chat_server") as server, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, alone", "> ")
            self.assertNotEqual(alice.mode(), alice.mode_before)
            alice.type("unsaid")
            alice.wait_for("> unsaid")
            leave(alice, server)
            self.assertEqual(alice.wait(), status)
            self.assertEqual(alice.mode(), alice.mode_before)
            return alice.all_lines()

    def test_ctrl_c_leaves(self):
        lines = self.assert_leaves_the_terminal_as_it_was(lambda alice, _: alice.type("\x03"), 0)
        self.assertEqual(lines[-1], "* you are in lobby, alone")  # and no line that is being typed

    def test_ctrl_d_on_an_empty_line_leaves(self):
        lines = self.assert_leaves_the_terminal_as_it_was(lambda alice, _: alice.type("\x15\x04"), 0)
        self.assertEqual(lines[-1], "* bye")

    def test_quit_leaves(self):
        lines = self.assert_leaves_the_terminal_as_it_was(lambda alice, _: alice.type("\x15/quit\r"), 0)
        self.assertEqual(lines[-1], "* bye")

    def test_the_end_of_the_server_leaves(self):
        lines = self.assert_leaves_the_terminal_as_it_was(lambda _, server: server.send_signal(signal.SIGTERM), 0)
        self.assertEqual(lines[-1], "* bye: the server ends")

    def test_a_server_that_dies_leaves(self):
        lines = self.assert_leaves_the_terminal_as_it_was(lambda _, server: server.kill(), 1)
        self.assertIn("chat_client: ", lines[-1])

    def test_signals_leave(self):
        for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, -signal.SIGHUP),
                               (signal.SIGQUIT, -signal.SIGQUIT)):
            with self.subTest(number):
                self.assert_leaves_the_terminal_as_it_was(lambda alice, _, n=number: alice.send_signal(n), status)

    def test_two_signals_in_a_row_leave(self):
        def leave(alice, _):
            alice.send_signal(signal.SIGTERM)
            alice.send_signal(signal.SIGINT)

        for _ in range(5):
            with Server("chat_server") as server, ClientTerminal(server, "alice") as alice:
                alice.wait_for("* you are in lobby, alone", "> ")
                leave(alice, server)
                self.assertIn(alice.wait(), (0, 130, 143))  # in order, if the second one came too late or too soon
                self.assertEqual(alice.mode(), alice.mode_before)

    def test_ctrl_z_stops_the_client_and_it_goes_on_where_it_was(self):
        with Server("chat_server") as server, Talker(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            mode = alice.mode()
            alice.type("to be con")
            alice.wait_for("> to be con")
            alice.type("\x1a")
            alice.wait_until_stopped()
            self.assertEqual(alice.mode(), alice.mode_before)
            alice.wait_for("* you are in lobby, with bob")
            bob.say("are you there?")
            alice.send_signal(signal.SIGCONT)
            alice.wait_for("bob: are you there?", "> to be con")
            self.assertEqual(alice.mode(), mode)
            alice.type("tinued\r")
            self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: to be continued")


if __name__ == "__main__":
    unittest.main()
