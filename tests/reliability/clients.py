"""Thousands of client connections on one thread."""

import select
import socket
import time

from programs import TIMEOUT

IP_BIND_ADDRESS_NO_PORT = 24  # Linux: connect() chooses the port, so that connections to other addresses can share it


class Client:
    """One connection, established or in progress."""

    __slots__ = ("which", "socket", "unsent", "sent", "received", "is_connected", "has_ended", "failure",
                 "received_at")

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
        self.is_connected = False
        self.has_ended = False  # closed by the server, or failed if `failure` is set
        self.failure = None
        self.received_at = None  # when data was last received

    def send(self, data):
        self.unsent += data
        self.transfer()

    def transfer(self):
        """Sends and receives as much as possible without blocking."""
        try:
            if self.unsent:
                size = self.socket.send(self.unsent)
                self.unsent = self.unsent[size:]
                self.sent += size
        except BlockingIOError:
            pass
        except OSError as e:  # data that the server sent before that can still be received
            self.unsent = b""
            self.failure = e
        try:
            while not self.has_ended:
                part = self.socket.recv(4096)
                self.received += part
                self.received_at = time.monotonic()
                self.has_ended = not part
        except BlockingIOError:
            pass
        except OSError as e:
            self.has_ended = True
            self.failure = e

    def lines(self):
        return self.received.count(b"\n")


class Clients:
    """`count` clients, for use in a `with` block, which closes them. They are bound to the addresses in `sources` in
    turn, because each address has a limited number of ports."""

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
        """Replaces a connection by a new one and returns it."""
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
        """Waits at most `seconds` for events; returns the clients that had one."""
        ready = []
        for descriptor, _ in self._epoll.poll(max(seconds, 0), 1000):
            client = self._by_descriptor[descriptor]
            client.is_connected = True
            client.transfer()
            ready.append(client)
        return ready

    def run_for(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.poll(left)

    def run_until(self, condition, clients=None, timeout=TIMEOUT, replace=None):
        """Runs until `condition` is true for all clients, or those in `clients`. A client that fails is replaced by
        `replace(client)`."""
        end = time.monotonic() + timeout
        left = {each for each in clients or self._all if not condition(each)}
        while left:
            if time.monotonic() > end:
                some = next(iter(left))
                raise AssertionError(f"{len(left)} of {len(self)} clients timed out after {timeout} s; one of them "
                                     f"has received {some.received!r} ({some.failure!r})")
            for client in self.poll(end - time.monotonic()):
                if client in left and condition(client):
                    left.discard(client)
                elif client in left and client.failure and replace:
                    left.discard(client)
                    left.add(replace(client))

    def sent(self):
        return sum(each.sent for each in self._all)

    def received(self):
        return sum(len(each.received) for each in self._all)
