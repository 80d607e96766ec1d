"""Runs a program of the samples on a terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

from programs import PATIENCE


class Terminal:
    """A terminal on which a program runs: what it writes, and what keys send. To be used in a `with` block, at whose end
    the program is killed if it still runs."""

    def __init__(self, *command, columns=80, **options):
        self._keys, self._line = pty.openpty()
        self.resize(columns)
        self.mode_before = self.mode()
        self._process = subprocess.Popen(
            command, stdin=self._line, stdout=self._line, stderr=self._line, **options)
        self._changed = threading.Condition()
        self._shown = b""  # all that has been written
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                part = os.read(self._keys, 65536)
            except OSError:  # nobody writes any more
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
        self._reader.join(PATIENCE)
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
        """Waits for the end of the program; gives its status."""
        return self._process.wait(PATIENCE)
