"""Runs a sample program on a pseudo-terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

from programs import TIMEOUT


class Terminal:
    """A pseudo-terminal with a program running on it: types keys and records what the program writes. For use in a
    `with` block; the program is killed at the end of the block if it still runs."""

    def __init__(self, *command, columns=80, **options):
        self._keys, self._line = pty.openpty()
        self.resize(columns)
        self.mode_before = self.mode()
        self._process = subprocess.Popen(
            command, stdin=self._line, stdout=self._line, stderr=self._line, **options)
        self._changed = threading.Condition()
        self._shown = b""  # everything the program has written
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                part = os.read(self._keys, 65536)
            except OSError:  # EIO: the last writer closed the terminal
                return
            with self._changed:
                self._shown += part
                self._changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._line)
        self._reader.join(TIMEOUT)
        os.close(self._keys)

    def resize(self, columns):
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def mode(self):
        return termios.tcgetattr(self._line)

    def type(self, text):
        os.write(self._keys, text.encode())

    def send_signal(self, number):
        self._process.send_signal(number)

    def wait(self):
        """Waits until the program exits; returns its exit status."""
        return self._process.wait(TIMEOUT)
