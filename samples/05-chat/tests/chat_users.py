"""Users of a chat server on plain sockets."""

import os
import re
import socket
import struct

from programs import TIMEOUT

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
SMALL_BUFFER = 4096  # the receive buffer of a user that stops reading, in bytes
LONG_LINE = 980 * "x"
MANY_LINES = 6000  # so many long lines exceed the socket buffers of both sides


class ChatUser(socket.socket):
    """A connected user, with a name and in a room if a name is given. For use in a `with` block."""

    def __init__(self, server, name=None, room="lobby", buffer=None):
        """`buffer` is the approximate size of the receive buffer in bytes."""
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.settimeout(TIMEOUT)
        if buffer:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.connect(("127.0.0.1", server.port))
        self._unread = b""
        self.name = name
        self.wait_for(r"\* welcome! .*")
        if name:
            self.write(f"/join {room}\n/nick {name}")
            self.wait_for(rf"\* you are in {room}, .*")

    def write(self, text):
        self.sendall(text.encode() + b"\n")

    def line(self):
        """Returns the next line without its LF, or None at the end of the stream."""
        while b"\n" not in self._unread:
            part = self.recv(65536)
            if not part:
                if self._unread:
                    raise AssertionError(f"the stream ended in the middle of a line: {self._unread!r}")
                return None
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def wait_for(self, pattern):
        """Reads until a whole line matches; returns all lines up to and including it."""
        lines = []
        while (line := self.line()) is not None:
            lines.append(line)
            if re.fullmatch(pattern, line):
                return lines
        raise AssertionError(f"no line matches {pattern!r}: {lines!r}")

    def rest(self):
        """Returns all lines until the end of the stream."""
        return list(iter(self.line, None))

    def received_so_far(self):
        """Returns all lines that the server has sent so far, except the reply to the command that this sends."""
        self.write("/msg")
        return self.wait_for(r"\* usage: .*")[:-1]

    def vanish(self):
        """Resets the connection."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
