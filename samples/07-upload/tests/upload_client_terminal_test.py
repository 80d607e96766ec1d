"""upload_client on a terminal: the progress line, and that it restores the terminal."""

import os
import re
import signal
import threading
import unicodedata
import unittest

from programs import TIMEOUT, path_of
from scripted_server import EXISTS, ScriptedServer
from terminal import Terminal
from uploads import Uploads


class ClientTerminal(Terminal):
    """A terminal with upload_client running on it."""

    def __init__(self, server, folder, *arguments, columns=80):
        super().__init__(path_of("upload_client"), "--port", str(server.port), *arguments, columns=columns, cwd=folder)

    def draws(self):
        """Returns all states of the progress line."""
        text = self._shown.decode(errors="ignore")
        return re.findall(r"\r([^\r\n\x1b]+)\x1b\[K", text)

    def wait_for(self, pattern):
        """Waits until a state of the progress line matches; returns the last one that does."""
        def found():
            return [each for each in self.draws() if re.search(pattern, each)]

        with self._changed:
            if not self._changed.wait_for(found, TIMEOUT):
                raise AssertionError(f"{pattern} is not like one of {self.draws()}")
            return found()[-1]

    def end(self):
        """Waits until the program exits; returns its status and the lines that remain on the screen."""
        status = self.wait()
        os.write(self._line, b"<nothing follows>")
        with self._changed:
            self._changed.wait_for(lambda: b"<nothing follows>" in self._shown, TIMEOUT)
        text = self._shown.decode().replace("\r\n", "\n")
        while (erased := re.sub(r"[^\n\r]*\r([^\r\n\x1b]*)\x1b\[K", r"\1", text, count=1)) != text:
            text = erased
        return status, text.removesuffix("<nothing follows>").splitlines()


def columns_of(text):
    return sum(0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
               for each in text)


class OnATerminal(Uploads):
    def half_way(self, *arguments, name="large.bin", columns=80, then=None, look=lambda terminal: None):
        """Stops at half of a file to check the terminal, and continues; returns the status and the remaining lines."""
        self.make(name, bytes(2_000_000))
        self.make("small", b"x")
        has_been_seen = threading.Event()

        def talk(session):
            session.greet(data_limit=100_000)
            large, small = session.read(), session.read()
            session.want(large, 1_000_000 - 100_000)
            session.read()
            self.assertTrue(has_been_seen.wait(TIMEOUT))
            (then or self.go_on)(session, large, small)

        with ScriptedServer(talk) as server:
            with ClientTerminal(server, self.folder, *arguments, name, "small", columns=columns) as terminal:
                terminal.wait_for(r"\d+%")
                try:
                    look(terminal)
                finally:
                    has_been_seen.set()
                status, lines = terminal.end()
                self.assertEqual(terminal.mode(), terminal.mode_before)
                for each in terminal.draws():
                    self.assertLess(columns_of(each), columns)
        return status, lines

    @staticmethod
    def go_on(session, large, small):
        session.read_data(large, 1_000_000)
        session.decide(large)
        session.take_in(small)
        session.part()

    def test_a_progress_line_is_shown_and_replaced_by_the_summary(self):
        def look(terminal):
            self.assertRegex(terminal.wait_for("large.bin"),
                             r"^large\.bin(?: \d+%)?  \[#+-*\]  +\d+%  \d\.\d MB of 2\.0 MB  .*0/2 files$")

        status, lines = self.half_way(look=look)
        self.assertEqual((status, len(lines)), (0, 1))
        self.assertRegex(lines[0], r"^2 of 2 files are on the server, ")

    def test_the_progress_line_fits_a_narrow_terminal(self):
        for columns in (6, 10, 20, 40):
            with self.subTest(columns):
                self.assertEqual(self.half_way(columns=columns)[0], 0)

    def test_the_progress_line_follows_a_resize(self):
        def look(terminal):
            terminal.wait_for(r"^large\.bin  \[.* of 2\.0 MB")
            terminal.resize(30)
            self.assertLess(columns_of(terminal.wait_for(r"^(?!.*MB of)")), 30)
            terminal.resize(80)
            terminal.wait_for(r"^large\.bin  \[.* of 2\.0 MB")

        self.assertEqual(self.half_way(look=look)[0], 0)

    def test_names_with_wide_characters_fit_the_terminal(self):
        name = "\u4f60\u597d" * 20 + ".txt"

        def look(terminal):
            self.assertRegex(terminal.wait_for("\u4f60"), "^\u4f60\u597d.*\u2026.*\\.txt  ")

        self.assertEqual(self.half_way(name=name, look=look)[0], 0)

    def test_errors_are_shown_above_the_progress_line(self):
        def refuse(session, large, small):
            session.decide(small, EXISTS, "there is another one")
            session.read_data(large, 1_000_000)
            session.decide(large)
            session.part()

        status, lines = self.half_way(then=refuse)
        self.assertEqual((status, lines[0]), (1, "upload_client: small: exists: there is another one"))
        self.assertRegex(lines[1], r"^1 of 2 files are on the server, ")
        self.assertEqual(len(lines), 2)

    def test_signals_restore_the_terminal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                status, lines = self.half_way(look=lambda terminal: terminal.send_signal(number),
                                              then=lambda session, *_: session.read_all())
                self.assertEqual((status, len(lines)), (128 + number, 1))
                self.assertRegex(lines[0], r"^0 of 2 files are on the server, ")

    def test_quiet_shows_no_progress_line(self):
        self.make("a", b"x")

        def talk(session):
            session.greet()
            session.take_in(session.read())
            session.part()

        with ScriptedServer(talk) as server, ClientTerminal(server, self.folder, "--quiet", "a") as terminal:
            self.assertEqual(terminal.end(), (0, []))


if __name__ == "__main__":
    unittest.main()
