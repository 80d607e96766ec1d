"""Connections by the thousand, on one thread."""

import select
import socket
import time

from programs import PATIENCE

IP_BIND_ADDRESS_NO_PORT = 24  # Linux: the port is chosen when it connects, and so may serve other destinations, too


class Client:
    """One connection, which is there or on its way."""

    __slots__ = ("which", "socket", "unsent", "sent", "received", "is_connected", "has_ended", "failure",
                 "heard_at")

    def __init__(self, which, port, source):
        self.which = which
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((source, 0))
        self.socket.connect_ex(("127.0.0.1", port))
        self.unsent = b""
        self.sent = 0
        self.received = b""
        self.is_connected = False  # is not always known at once
        self.has_ended = False  # the server has closed it, or, with a failure, it broke
        self.failure = None
        self.heard_at = None  # when something came last

    def send(self, data):
        self.unsent += data
        self.go_on()

    def go_on(self):
        """Sends what can be sent, and receives what has come."""
        try:
            if self.unsent:
                size = self.socket.send(self.unsent)
                self.unsent = self.unsent[size:]
                self.sent += size
        except BlockingIOError:
            pass
        except OSError as e:  # what the server said before that can still be received
            self.unsent = b""
            self.failure = e
        try:
            while not self.has_ended:
                part = self.socket.recv(4096)
                self.received += part
                self.heard_at = time.monotonic()
                self.has_ended = not part
        except BlockingIOError:
            pass
        except OSError as e:
            self.has_ended = True
            self.failure = e

    def lines(self):
        return self.received.count(b"\n")


class Clients:
    """To be used in a `with` block, at whose end they close. They come from the addresses `sources` in turn: each has
    as many ports as the system has."""

    def __init__(self, port, count, sources=("127.0.0.1",)):
        self._port = port
        self._sources = sources
        self._epoll = select.epoll()
        self._by_descriptor = {}
        self._all = [self._connect(i) for i in range(count)]

    def _connect(self, which):
        client = Client(which, self._port, self._sources[which % len(self._sources)])
        self._by_descriptor[client.socket.fileno()] = client
        self._epoll.register(client.socket, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        return client

    def reconnect(self, which):
        """Puts a new connection in the place of one; gives it."""
        self._all[which].socket.close()
        self._all[which] = self._connect(which)
        return self._all[which]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for each in self._all:
            each.socket.close()
        self._epoll.close()

    def __iter__(self):
        return iter(self._all)

    def __len__(self):
        return len(self._all)

    def __getitem__(self, which):
        return self._all[which]

    def poll(self, seconds):
        """Waits no longer than that for something to happen; gives to whom it has."""
        happened = []
        for descriptor, _ in self._epoll.poll(max(seconds, 0), 1000):
            client = self._by_descriptor[descriptor]
            client.is_connected = True
            client.go_on()
            happened.append(client)
        return happened

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.poll(left)

    def run_until(self, is_so, who=None, patience=PATIENCE, replace=None):
        """Until it `is_so` of all clients, or of those of `who`; if one fails, of what `replace` gives for it."""
        end = time.monotonic() + patience
        left = {each for each in who or self._all if not is_so(each)}
        while left:
            if time.monotonic() > end:
                some = next(iter(left))
                raise AssertionError(f"{len(left)} of {len(self)} clients have waited for {patience} s; one of them "
                                     f"has received {some.received!r} ({some.failure!r})")
            for client in self.poll(end - time.monotonic()):
                if client in left and is_so(client):
                    left.discard(client)
                elif client in left and client.failure and replace:
                    left.discard(client)
                    left.add(replace(client))

    def sent(self):
        return sum(each.sent for each in self._all)

    def received(self):
        return sum(len(each.received) for each in self._all)
