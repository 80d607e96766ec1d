"""Sends requests to time servers, and computes the answers that are correct."""

import os
import socket
import time

from programs import TIMEOUT


class TimeClient(socket.socket):
    """A socket with its own address and port, connected to a time server. For use in a `with` block."""

    def __init__(self, port, source="127.0.0.1", server="127.0.0.1"):
        super().__init__(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
        self.settimeout(TIMEOUT)
        self.bind((source, 0))
        self.connect((server, port))

    def request(self, request=b"hello"):
        self.send(request)
        return self.recv(65536)

    def request_until_answered(self, request=b""):
        """Repeats the request until it is answered: during a flood, the kernel may drop any datagram."""
        self.settimeout(0.5)
        give_up_at = time.monotonic() + TIMEOUT
        while True:
            try:
                return self.request(request)
            except TimeoutError:
                if time.monotonic() > give_up_at:
                    raise

    def count_answers(self):
        """Returns how many answers are in the receive buffer."""
        self.setblocking(False)
        count = 0
        try:
            while True:
                self.recv(65536)
                count += 1
        except BlockingIOError:
            return count
        finally:
            self.settimeout(TIMEOUT)


def request_time(port, request=b"hello", **options):
    with TimeClient(port, **options) as client:
        return client.request(request)


class Clock:
    """The times that a correct answer may contain, from the construction of this object on."""

    def __init__(self, zone=None):
        self._zone = zone
        self._began = int(time.time())

    def seconds(self):
        return range(self._began, int(time.time()) + 1)

    def times(self):
        """Returns these times in the time zone, as time.ctime() formats them."""
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
