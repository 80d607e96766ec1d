"""Questions to time servers, and what answers they may give."""

import os
import socket
import time

from programs import PATIENCE


class Asker(socket.socket):
    """A socket that asks a server, from an address and port of its own. To be used in a `with` block."""

    def __init__(self, port, source="127.0.0.1", server="127.0.0.1"):
        super().__init__(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
        self.settimeout(PATIENCE)
        self.bind((source, 0))
        self.connect((server, port))

    def ask(self, question=b"hello"):
        self.send(question)
        return self.recv(65536)

    def insist(self, question=b""):
        """Asks until there is an answer: a flood may cost anybody a question, as on any line that is full."""
        self.settimeout(0.5)
        give_up_at = time.monotonic() + PATIENCE
        while True:
            try:
                return self.ask(question)
            except TimeoutError:
                if time.monotonic() > give_up_at:
                    raise

    def count_answers(self):
        """How many have come that have not been received."""
        self.setblocking(False)
        count = 0
        try:
            while True:
                self.recv(65536)
                count += 1
        except BlockingIOError:
            return count
        finally:
            self.settimeout(PATIENCE)


def ask(port, question=b"hello", **options):
    with Asker(port, **options) as asker:
        return asker.ask(question)


class Clock:
    """From when it is made, the seconds that an answer may tell."""

    def __init__(self, zone=None):
        self._zone = zone
        self._began = int(time.time())

    def seconds(self):
        return range(self._began, int(time.time()) + 1)

    def times(self):
        """As time.ctime() writes them in the time zone."""
        before = os.environ.get("TZ")
        try:
            self._set_zone(before if self._zone is None else self._zone)
            return [time.ctime(second) for second in self.seconds()]
        finally:
            self._set_zone(before)

    @staticmethod
    def _set_zone(zone):
        if zone is None:
            os.environ.pop("TZ", None)
        else:
            os.environ["TZ"] = zone
        time.tzset()
