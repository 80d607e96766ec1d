"""People who talk to a chat server over plain sockets."""

import os
import re
import socket
import struct

from programs import PATIENCE

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
LITTLE = 4096  # bytes that the system keeps for somebody who does not read, and it keeps more in the server's name:
LONG_LINE = 980 * "x"
MANY_LINES = 6000  # long ones, of which it keeps but a part


class Talker(socket.socket):
    """One of them, in a room and under a name, if one is given. To be used in a `with` block."""

    def __init__(self, server, name=None, room="lobby", buffer=None):
        """`buffer` is about how many bytes the system keeps for it that have not been read."""
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.settimeout(PATIENCE)
        if buffer:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.connect(("127.0.0.1", server.port))
        self._unread = b""
        self.name = name
        self.wait_for(r"\* welcome! .*")
        if name:
            self.say(f"/join {room}\n/nick {name}")
            self.wait_for(rf"\* you are in {room}, .*")

    def say(self, text):
        self.sendall(text.encode() + b"\n")

    def line(self):
        """The next line, without its end; None at the end of the stream."""
        while b"\n" not in self._unread:
            part = self.recv(65536)
            if not part:
                if self._unread:
                    raise AssertionError(f"the stream ended within {self._unread!r}")
                return None
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def wait_for(self, pattern):
        """Reads on to a line that matches as a whole; gives all lines before it, and it."""
        lines = []
        while (line := self.line()) is not None:
            lines.append(line)
            if re.fullmatch(pattern, line):
                return lines
        raise AssertionError(f"{pattern!r} did not come, only {lines!r}")

    def rest(self):
        """All lines to the end of the stream."""
        return list(iter(self.line, None))

    def told_at_once(self):
        """All lines that it has been sent up to now, without those that this question leads to."""
        self.say("/msg")
        return self.wait_for(r"\* to whom, and what\? .*")[:-1]

    def vanish(self):
        """Resets the connection."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
