"""Who competes."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    name: str
    source: str  # of echo/<source>.cpp, built as bench_<source>
    arguments: tuple = ()


YARDSTICK = "raw_epoll"

CONTENDERS = (
    Contender(YARDSTICK, "raw_epoll"),
    Contender("strait", "strait"),
    Contender("strait_idle", "strait", ("30",)),  # with an idle timeout of 30 s on every connection
    Contender("asio_callbacks", "asio_callbacks"),
    Contender("asio_awaitable", "asio_awaitable"),
)
