"""The server of these tests, what it says of itself, and what the system says of its process."""

import json
import os
import pathlib
import resource
import socket
import sys
import time
import unittest

from programs import PATIENCE, Program, Server, path_of

HERE = pathlib.Path(__file__).resolve().parent
SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
PROGRAM = "strait_reliability_server"


def scaled(count):
    """How many a build with a sanitizer, which slows it down several times, has to do with instead of `count`."""
    return count // 10 if SANITIZED else count


def need_descriptors(count):
    """Skips the test if this process, or one that it starts, may not have so many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise unittest.SkipTest(f"{count} descriptors are needed, and {most} are allowed (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count if most == resource.RLIM_INFINITY else most, most))


def need_backlog(count):
    """Skips the test if fewer connections than that may wait to be accepted."""
    most = int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text())
    if most < count:
        raise unittest.SkipTest(f"a backlog of {count} is needed, and {most} is allowed (net.core.somaxconn)")


def eventually(is_so, what, patience=PATIENCE):
    """Asks again and again, until it is so; a question need not be cheap."""
    end = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.01)


class ReliabilityServer(Server):
    def __init__(self, *arguments):
        super().__init__(PROGRAM, "--quiet", *arguments)
        self._begin()

    def _begin(self):
        self._operator = None
        self.operator_sent = 0  # bytes
        self.operator_received = 0

    def __exit__(self, *_):
        super().__exit__(*_)
        self.dismiss_operator()

    # What it says

    def stats(self):
        """Its statistics, over a connection of its own, which is counted as well, and is there until
        `dismiss_operator`."""
        if not self._operator:
            self._operator = self.connect()
            self._operator_lines = self._operator.makefile("rb")
        self._operator.sendall(b"stats\n")
        answer = self._operator_lines.readline()
        self.operator_sent += len(b"stats\n")
        self.operator_received += len(answer)
        return json.loads(answer)

    def dismiss_operator(self):
        if self._operator:
            self._operator_lines.close()
            self._operator.close()
            self._operator = None

    def ask(self, request):
        """The answer to a request line, over a connection of its own."""
        with self.connect() as connection, connection.makefile("rb") as lines:
            connection.sendall(request + b"\n")
            return lines.readline().removesuffix(b"\n")

    def ask_stats(self):
        """Its statistics, over a connection that is there for nothing else: it is counted, too, as active."""
        return json.loads(self.ask(b"stats"))

    def report(self):
        """Waits for the end of the process, which must be in order; gives the statistics that it ends with."""
        status, said, complaints = self.wait()
        if status != 0:
            raise AssertionError(f"the server ended with {status}: {complaints.decode()}")
        return json.loads(said.splitlines()[-1])

    # What the system says

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def processor_time(self):
        """Seconds, of all threads, to the nanosecond (clock_getcpuclockid(3): CPUCLOCK_SCHED of a process)."""
        return time.clock_gettime(~self.pid << 3 | 2)

    def allow_descriptors(self, count):
        """From now on: those that it has it keeps."""
        _, most = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (count, most))


class InheritingServer(ReliabilityServer):
    """The same, with a listening socket that was passed on to it, as a service manager does."""

    def __init__(self, listener, *arguments):
        Program.__init__(self, sys.executable, str(HERE / "inheriting.py"), str(listener.fileno()), path_of(PROGRAM),
                         "--quiet", *arguments, pass_fds=(listener.fileno(),))
        self._begin()
        self._note_port()


class ShortConnections(Program):
    """A process that makes one short connection after the other, `count` of them or until it is told to stop."""

    def __init__(self, port, source, count=None):
        super().__init__(sys.executable, "-B", str(HERE / "short_connections.py"), str(port), source,
                         *([] if count is None else [str(count)]))

    def result(self):
        """Has it stop, if it does not by itself; gives what it has counted."""
        return result_of(self)


class SlowClients(Program):
    """A process with `count` clients that send a byte now and then, or nothing at all."""

    def __init__(self, port, source, count, *arguments):
        super().__init__(sys.executable, "-B", str(HERE / "slow_clients.py"), str(port), source, str(count), *arguments)

    def result(self):
        """Has it stop; gives what it has counted."""
        return result_of(self)


def result_of(program):
    """Tells a program to stop; gives the JSON that it says at its end."""
    program.stdin.close()
    status, said, complaints = program.wait(3 * PATIENCE)
    if status != 0:
        raise AssertionError(f"a program of clients ended with {status}: {complaints.decode()}")
    return json.loads(said.splitlines()[-1])


def percentile(numbers, percent):
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def say(figures):
    """Figures for docs/reliability.md; `ctest -V` shows them."""
    print(f"figures: {figures}", flush=True)
