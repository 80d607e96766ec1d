"""The suites: the contenders, the load configurations, and the words for the things that are counted."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    name: str
    source: str  # in the suite's folder; C++ is built as bench_<suite>_<program>, Python is run directly
    arguments: tuple = ()

    @property
    def program(self):
        return self.source.rpartition(".")[0]

    @property
    def is_compiled(self):
        return self.source.endswith(".cpp")


def size_text(size):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} bytes"


@dataclass(frozen=True)
class Configuration:
    connections: int
    depth: int
    message_size: int
    traffic: str  # as in the load generator's --traffic
    shows_size: bool = False

    @property
    def is_burst(self):
        return self.traffic.endswith("_bursts")

    @property
    def title(self):
        size = f" of {size_text(self.message_size)}" if self.shows_size else ""
        return f"{self.connections} × {self.depth}{size}" + (" bursts" if self.is_burst else "")


@dataclass(frozen=True)
class Suite:
    name: str  # on the command line, and the name of the folder
    title: str
    contenders: tuple
    traffic: str
    connection: str  # the words for what is measured
    message: str
    connections: tuple  # the default configurations
    depths: tuple = (1, 16)
    message_sizes: tuple = (64,)
    bursts: tuple = ()  # numbers of datagrams sent at once; for UDP only
    burst_size: int = 1200
    mixes: tuple = ()  # further configurations, each with its own connections, depth and message size
    may_lose: bool = False
    baseline: str = "raw_epoll"
    upstream: str = ""  # the server that the proxies connect to; it runs on the load generator's CPU


ECHO = Suite(
    name="echo", title="Echo servers", traffic="tcp", connection="connection", message="message", connections=(1, 64, 1000),
    contenders=(
        Contender("raw_epoll", "raw_epoll.cpp"),
        Contender("strait", "strait.cpp"),
        Contender("strait_idle", "strait.cpp", ("30",)),  # with an idle timeout of 30 s on every connection
        Contender("serve", "serve.cpp"),
        Contender("serve_limits", "serve.cpp", ("limits",)),  # with all limits
        Contender("asio_callbacks", "asio_callbacks.cpp"),
        Contender("asio_awaitable", "asio_awaitable.cpp"),
    ))

UDP = Suite(
    name="udp", title="UDP echo servers", traffic="udp", connection="flow", message="datagram", connections=(1, 64), bursts=(32,),
    may_lose=True,
    contenders=(
        Contender("raw_epoll", "raw_epoll.cpp"),
        Contender("raw_blocking", "raw_blocking.cpp"),
        Contender("raw_mmsg", "raw_mmsg.cpp"),
        Contender("strait", "strait.cpp", ("plain",)),
        Contender("strait_batch", "strait.cpp", ("batch",)),
        Contender("strait_offload", "strait.cpp", ("offload",)),
        Contender("asio_awaitable", "asio_awaitable.cpp"),
        Contender("python_socketserver", "python_socketserver.py"),
    ))

PROXY = Suite(
    name="proxy", title="Proxies", traffic="tcp", connection="connection", message="message", connections=(64,), depths=(1,),
    message_sizes=(64, 16 << 10, 1 << 20), baseline="raw_splice", upstream="bench_proxy_upstream",
    contenders=(
        Contender("raw_splice", "raw_splice.cpp"),
        Contender("raw_copy", "raw_copy.cpp"),
        Contender("strait", "strait.cpp"),
        Contender("asio_awaitable", "asio_awaitable.cpp"),
    ))

LINES = Suite(
    name="lines", title="Line servers", traffic="lines", connection="connection", message="line", connections=(1, 64, 1000),
    mixes=((64, 1, 4000), (1, 256, 16), (64, 256, 16)), baseline="raw_lines",
    contenders=(
        Contender("raw_lines", "raw_lines.cpp"),
        Contender("strait", "strait.cpp"),
        Contender("strait_print", "strait.cpp", ("print",)),
        Contender("strait_unbuffered", "strait.cpp", ("unbuffered",)),
        Contender("asio_read_until", "asio_read_until.cpp"),
        Contender("asio_collected", "asio_read_until.cpp", ("collected",)),
        Contender("python_socketserver", "python_socketserver.py"),
    ))

SUITES = {suite.name: suite for suite in (ECHO, UDP, PROXY, LINES)}
DEFAULT = ECHO
