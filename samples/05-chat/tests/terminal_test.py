"""chat_client on a terminal: what it shows, and that it restores the terminal."""

import os
import signal
import unittest

from programs import TIMEOUT, Server, path_of
from chat_users import ChatUser
from terminal import Terminal


class ClientTerminal(Terminal):
    """A terminal with chat_client running on it."""

    def __init__(self, server, name, columns=80):
        # In its own process group: a process in an orphaned group could not be stopped by Ctrl-Z.
        super().__init__(path_of("chat_client"), "--port", str(server.port), name, columns=columns,
                         preexec_fn=os.setpgrp)

    def wait_until_stopped(self):
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def lines(self):
        """Returns the non-empty lines on the screen."""
        lines, column = [""], 0
        rest = self._shown.decode(errors="replace")
        while rest:
            if rest.startswith("\x1b[K"):
                lines[-1], rest = lines[-1][:column], rest[3:]
                continue
            character, rest = rest[0], rest[1:]
            if character == "\n":
                lines.append("")  # the terminal driver has put a \r in front
            elif character == "\r":
                column = 0
            elif ord(character) >= 32:
                lines[-1] = lines[-1][:column] + character + lines[-1][column + 1:]
                column += 1
            else:
                raise AssertionError(f"{character!r} is not safe to print on a terminal")
        return [line for line in lines if line]

    def all_lines(self):
        """The same, after everything that was written has been read."""
        os.write(self._line, b"\n<nothing follows>")
        self.wait_for("<nothing follows>")
        return self.lines()[:-1]

    def wait_for(self, *last):
        """Waits until `last` are the last lines on the screen."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.lines()[-len(last):] == list(last), TIMEOUT):
                raise AssertionError(f"the last lines are not {last}: {self.lines()}")


class OnATerminal(unittest.TestCase):
    def test_messages_appear_above_the_line_that_is_being_typed(self):
        with Server("chat_server") as server, ChatUser(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            alice.type("half a li")
            alice.wait_for("> half a li")
            bob.write("hello")
            alice.wait_for("bob: hello", "> half a li")
            alice.type("ne\r")
            alice.wait_for("bob: hello", "alice: half a line", "> ")
            self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: half a line")

    def test_typed_text_can_be_edited(self):
        with Server("chat_server") as server, ChatUser(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            for keys, line in (("nonsense\x15hello", "hello"), ("grüße\x7f\x7f\x7fu", "gru"), ("你好\x7f们", "你们"),
                               ("some wrods\x17words", "some words"), ("a\x1b[Db\x1b[3~c", "abc")):
                alice.type(keys)
                alice.wait_for("> " + line)
                alice.type("\r")
                self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: " + line)

    def test_of_a_line_wider_than_the_terminal_the_end_is_shown(self):
        with Server("chat_server") as server, ClientTerminal(server, "alice", columns=20) as alice:
            alice.wait_for("* you are in lobby, alone", "> ")
            alice.type("the quick brown fox jumps")
            alice.wait_for("> " + "the quick brown fox jumps"[-17:])
            alice.type("\r")
            alice.wait_for("alice: the quick brown fox jumps", "> ")

    def test_control_characters_from_other_users_are_escaped(self):
        with Server("chat_server") as server, ChatUser(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            bob.write("\x1b[2J\r\x07")
            alice.wait_for(r"bob: \x1b[2J\r\x07", "> ")

    def assert_restores_the_terminal(self, leave, status):
        with Server("chat_server") as server, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, alone", "> ")
            self.assertNotEqual(alice.mode(), alice.mode_before)
            alice.type("unsaid")
            alice.wait_for("> unsaid")
            leave(alice, server)
            self.assertEqual(alice.wait(), status)
            self.assertEqual(alice.mode(), alice.mode_before)
            return alice.all_lines()

    def test_ctrl_c_exits_and_restores_the_terminal(self):
        lines = self.assert_restores_the_terminal(lambda alice, _: alice.type("\x03"), 0)
        self.assertEqual(lines[-1], "* you are in lobby, alone")  # the line that is being typed is erased

    def test_ctrl_d_on_an_empty_line_exits_and_restores_the_terminal(self):
        lines = self.assert_restores_the_terminal(lambda alice, _: alice.type("\x15\x04"), 0)
        self.assertEqual(lines[-1], "* bye")

    def test_the_command_quit_exits_and_restores_the_terminal(self):
        lines = self.assert_restores_the_terminal(lambda alice, _: alice.type("\x15/quit\r"), 0)
        self.assertEqual(lines[-1], "* bye")

    def test_a_shutdown_of_the_server_restores_the_terminal(self):
        lines = self.assert_restores_the_terminal(lambda _, server: server.send_signal(signal.SIGTERM), 0)
        self.assertEqual(lines[-1], "* bye: the server is shutting down")

    def test_a_killed_server_restores_the_terminal(self):
        lines = self.assert_restores_the_terminal(lambda _, server: server.kill(), 1)
        self.assertIn("chat_client: ", lines[-1])

    def test_signals_restore_the_terminal(self):
        for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, -signal.SIGHUP),
                               (signal.SIGQUIT, -signal.SIGQUIT)):
            with self.subTest(number):
                self.assert_restores_the_terminal(lambda alice, _, n=number: alice.send_signal(n), status)

    def test_two_signals_in_quick_succession_restore_the_terminal(self):
        def leave(alice, _):
            alice.send_signal(signal.SIGTERM)
            alice.send_signal(signal.SIGINT)

        for _ in range(5):
            with Server("chat_server") as server, ClientTerminal(server, "alice") as alice:
                alice.wait_for("* you are in lobby, alone", "> ")
                leave(alice, server)
                self.assertIn(alice.wait(), (0, 130, 143))  # 0 if the second one is not handled in time
                self.assertEqual(alice.mode(), alice.mode_before)

    def test_ctrl_z_stops_the_client_and_it_continues_with_the_same_line(self):
        with Server("chat_server") as server, ChatUser(server, "bob") as bob, ClientTerminal(server, "alice") as alice:
            alice.wait_for("* you are in lobby, with bob", "> ")
            mode = alice.mode()
            alice.type("to be con")
            alice.wait_for("> to be con")
            alice.type("\x1a")
            alice.wait_until_stopped()
            self.assertEqual(alice.mode(), alice.mode_before)
            alice.wait_for("* you are in lobby, with bob")
            bob.write("are you there?")
            alice.send_signal(signal.SIGCONT)
            alice.wait_for("bob: are you there?", "> to be con")
            self.assertEqual(alice.mode(), mode)
            alice.type("tinued\r")
            self.assertEqual(bob.wait_for("alice: .*")[-1], "alice: to be continued")


if __name__ == "__main__":
    unittest.main()
