"""Runs the sample programs for their tests. Every program is killed when its test ends, and every wait here has a
timeout."""

import contextlib
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

# In seconds. The operations take milliseconds, but the machine may be busy and the program built with a sanitizer.
TIMEOUT = 40

# The programs do not handle SIGINT if it is ignored when they start, as it is when the tests run in the background.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def path_of(program):
    """Returns the path of a program that was passed to strait_add_sample_tests."""
    return os.environ[program.upper()]


def run(program, *arguments, **options):
    """Runs a program until it exits; returns its CompletedProcess, with the output as bytes."""
    return subprocess.run([path_of(program), *arguments], capture_output=True, timeout=TIMEOUT, **options)


class Program:
    """A running program, for use in a `with` block; it is killed at the end of the block if it still runs."""

    def __init__(self, *command, **options):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.stdin = self._process.stdin
        self._changed = threading.Condition()
        self._output = {"stdout": b"", "stderr": b""}
        self._ended = set()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._output]
        for reader in self._readers:
            reader.start()

    def _read(self, name):
        pipe = getattr(self._process, name)
        while part := pipe.read1():
            with self._changed:
                self._output[name] += part
                self._changed.notify_all()
        with self._changed:
            self._ended.add(name)
            self._changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for reader in self._readers:
            reader.join(TIMEOUT)
        self.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()

    def wait_for(self, text, on, count=1):
        """Waits until `text` has appeared `count` times on "stdout" or "stderr"; returns all output of that stream."""
        with self._changed:
            self._changed.wait_for(lambda: self._output[on].count(text) >= count or on in self._ended, TIMEOUT)
            if self._output[on].count(text) < count:
                raise AssertionError(f"{text!r} did not appear {count} times on {on}: {self._output[on]!r}")
            return self._output[on]

    def output_so_far(self, on):
        """Returns what the program has written to "stdout" or "stderr" so far."""
        with self._changed:
            return self._output[on]

    def write(self, text):
        self.stdin.write(text)
        self.stdin.flush()

    def send_signal(self, signal):
        self._process.send_signal(signal)

    @property
    def pid(self):
        return self._process.pid

    def memory(self):
        """Returns the resident memory (VmRSS) in bytes. Skips the test if the system does not report it."""
        try:
            status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
            return 1024 * int(re.search(r"^VmRSS:\s*(\d+) kB$", status, re.MULTILINE)[1])
        except (OSError, TypeError):
            raise unittest.SkipTest("this system does not report the memory of a process (VmRSS)") from None

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def wait(self, timeout=TIMEOUT):
        """Waits until the program exits; returns its exit status, standard output and standard error."""
        status = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(TIMEOUT)
        return status, self._output["stdout"], self._output["stderr"]


class Server(Program):
    """A server on a port chosen by the kernel; the constructor returns when the server listens."""

    def __init__(self, program, *arguments, **options):
        super().__init__(path_of(program), "--port", "0", *arguments, **options)
        self._note_port()

    def _note_port(self):
        try:
            self.wait_for(b"\n", "stdout")
        except AssertionError:
            self.kill()
            raise
        self.greeting = self._output["stdout"].split(b"\n")[0].decode()
        self.port = int(self.greeting.rpartition(":")[2])

    def connect(self, host="127.0.0.1"):
        return socket.create_connection((host, self.port), TIMEOUT)


class PythonServer(Server):
    """The same for a Python program, whose first argument is the port."""

    def __init__(self, file, *arguments):
        Program.__init__(self, sys.executable, str(file), "0", *arguments)
        self._note_port()


class Peer:
    """A server for one connection, which `talk(socket)` handles on a separate thread. For use in a `with` block."""

    def __init__(self, talk):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(talk,), daemon=True)

    def _serve(self, talk):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # no client connected
        connection.settimeout(TIMEOUT)
        with connection:
            talk(connection)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # unblocks accept()
        self._thread.join(TIMEOUT)
        self._listener.close()


def receive_all(connection):
    """Returns everything received until the end of the stream."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def send_bytes_until_disconnected(connection):
    """Sends one byte at a time, far more often than any timeout, until the server disconnects; returns what was
    received before that."""
    received = b""
    give_up_at = time.monotonic() + TIMEOUT
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up_at:
            connection.sendall(b"x")
            if select.select([connection], [], [], 0.02)[0]:
                part = connection.recv(65536)
                if not part:
                    return received
                received += part
        raise AssertionError("the server did not disconnect")
    return received


def receive_exactly(connection, size):
    data = bytearray()
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise AssertionError(f"the stream ended after {len(data)} of {size} bytes")
        data += part
    return bytes(data)


def file_beside(test, name):
    """Returns the path of the file `name` in the parent of the test's folder."""
    return pathlib.Path(test).resolve().parent.parent / name
