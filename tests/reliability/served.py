"""The server of the reliability tests: its statistics, and the resources of its process."""

import json
import os
import pathlib
import resource
import socket
import sys
import time
import unittest

from programs import TIMEOUT, Program, Server, path_of

HERE = pathlib.Path(__file__).resolve().parent
SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
PROGRAM = "strait_reliability_server"


def scaled(count):
    """Returns `count`, reduced for sanitizer builds, which are several times slower."""
    return count // 10 if SANITIZED else count


def need_descriptors(count):
    """Raises the descriptor limit to `count`; skips the test if it cannot be raised that far."""
    _, maximum = resource.getrlimit(resource.RLIMIT_NOFILE)
    if maximum != resource.RLIM_INFINITY and maximum < count:
        raise unittest.SkipTest(f"the test needs {count} descriptors, but the limit is {maximum} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count if maximum == resource.RLIM_INFINITY else maximum, maximum))


def need_backlog(count):
    """Skips the test if the backlog of a listener cannot hold `count` connections."""
    maximum = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
    if maximum < count:
        raise unittest.SkipTest(f"the test needs a backlog of {count}, but the limit is {maximum} (net.core.somaxconn)")


def eventually(condition, description, timeout=TIMEOUT):
    """Evaluates `condition` until it is true; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {description}")
        time.sleep(0.01)


class ReliabilityServer(Server):
    def __init__(self, *arguments):
        super().__init__(PROGRAM, "--quiet", *arguments)
        self._begin()

    def _begin(self):
        self._stats_connection = None
        self.stats_sent = 0  # bytes
        self.stats_received = 0

    def __exit__(self, *_):
        super().__exit__(*_)
        self.close_stats_connection()

    # Requests to the server

    def stats(self):
        """Returns the statistics, over a separate connection that is included in them and stays open until
        `close_stats_connection`."""
        if not self._stats_connection:
            self._stats_connection = self.connect()
            self._stats_lines = self._stats_connection.makefile("rb")
        self._stats_connection.sendall(b"stats\n")
        answer = self._stats_lines.readline()
        self.stats_sent += len(b"stats\n")
        self.stats_received += len(answer)
        return json.loads(answer)

    def close_stats_connection(self):
        if self._stats_connection:
            self._stats_lines.close()
            self._stats_connection.close()
            self._stats_connection = None

    def ask(self, request):
        """Sends a request line over a new connection; returns the answer."""
        with self.connect() as connection, connection.makefile("rb") as lines:
            connection.sendall(request + b"\n")
            return lines.readline().removesuffix(b"\n")

    def ask_stats(self):
        """Returns the statistics, over a new connection, which they count as active."""
        return json.loads(self.ask(b"stats"))

    def report(self):
        """Waits until the server exits with status 0; returns its final statistics."""
        status, output, errors = self.wait()
        if status != 0:
            raise AssertionError(f"the server exited with status {status}: {errors.decode()}")
        return json.loads(output.splitlines()[-1])

    # Resources of the process

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_time(self):
        """Returns the CPU time of all threads in seconds, with nanosecond resolution (clock_getcpuclockid(3))."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def limit_descriptors(self, count):
        """Sets the descriptor limit of the process; open descriptors are not affected."""
        _, maximum = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (count, maximum))


class InheritingServer(ReliabilityServer):
    """The same with an inherited listening socket, as a service manager passes it."""

    def __init__(self, listener, *arguments):
        Program.__init__(self, sys.executable, str(HERE / "inheriting.py"), str(listener.fileno()), path_of(PROGRAM),
                         "--quiet", *arguments, pass_fds=(listener.fileno(),))
        self._begin()
        self._note_port()


class ShortConnections(Program):
    """A process that makes short connections one after the other: `count` of them, or until it is stopped."""

    def __init__(self, port, source, count=None):
        super().__init__(sys.executable, "-B", str(HERE / "short_connections.py"), str(port), source,
                         *([] if count is None else [str(count)]))

    def result(self):
        """Stops the process, unless it stops by itself, and returns its counts."""
        return result_of(self)


class SlowClients(Program):
    """A process with `count` clients that send single bytes at long intervals, or nothing."""

    def __init__(self, port, source, count, *arguments):
        super().__init__(sys.executable, "-B", str(HERE / "slow_clients.py"), str(port), source, str(count), *arguments)

    def result(self):
        """Stops the process and returns its counts."""
        return result_of(self)


def result_of(program):
    """Stops a program by closing its standard input; returns the JSON in the last line of its output."""
    program.stdin.close()
    status, output, errors = program.wait(3 * TIMEOUT)
    if status != 0:
        raise AssertionError(f"a client program exited with status {status}: {errors.decode()}")
    return json.loads(output.splitlines()[-1])


def percentile(numbers, percent):
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def show(figures):
    """Prints the figures for docs/reliability.md; `ctest -V` shows them."""
    print(f"figures: {figures}", flush=True)
