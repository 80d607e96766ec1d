"""Runs the programs of the samples for their tests. Each one ends with its test, whatever happens in between, and
nothing here waits for ever."""

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

PATIENCE = 40  # seconds, for what takes milliseconds: the machine may be busy, the program built with a sanitizer

# The programs leave alone a SIGINT that is ignored when they begin, as it is where the tests run in the background.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def path_of(program):
    """The path of a program that was named to strait_add_sample_tests."""
    return os.environ[program.upper()]


def run(program, *arguments, **options):
    """Runs a program to its end; gives its CompletedProcess with all it has said, as bytes."""
    return subprocess.run([path_of(program), *arguments], capture_output=True, timeout=PATIENCE, **options)


class Program:
    """A program that is running. To be used in a `with` block, at whose end it is killed if it still runs."""

    def __init__(self, *command, **options):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.stdin = self._process.stdin
        self._changed = threading.Condition()
        self._said = {"stdout": b"", "stderr": b""}
        self._ended = set()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._said]
        for reader in self._readers:
            reader.start()

    def _read(self, name):
        pipe = getattr(self._process, name)
        while part := pipe.read1():
            with self._changed:
                self._said[name] += part
                self._changed.notify_all()
        with self._changed:
            self._ended.add(name)
            self._changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        for reader in self._readers:
            reader.join(PATIENCE)
        self.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()

    def wait_for(self, text, on, count=1):
        """Waits until `text` has come `count` times on "stdout" or "stderr"; gives all that has come there."""
        with self._changed:
            self._changed.wait_for(lambda: self._said[on].count(text) >= count or on in self._ended, PATIENCE)
            if self._said[on].count(text) < count:
                raise AssertionError(f"{text!r} did not come on {on}, only {self._said[on]!r}")
            return self._said[on]

    def said(self, on):
        """All that has come on "stdout" or "stderr" until now."""
        with self._changed:
            return self._said[on]

    def say(self, text):
        self.stdin.write(text)
        self.stdin.flush()

    def send_signal(self, signal):
        self._process.send_signal(signal)

    @property
    def pid(self):
        return self._process.pid

    def memory(self):
        """How much of it is in use (VmRSS), in bytes. Skips the test where the system does not say."""
        try:
            status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
            return 1024 * int(re.search(r"^VmRSS:\s*(\d+) kB$", status, re.MULTILINE)[1])
        except (OSError, TypeError):
            raise unittest.SkipTest("the system does not say how much memory a process uses") from None

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def wait(self, patience=PATIENCE):
        """Waits until the program ends by itself; gives its exit status, standard output and standard error."""
        status = self._process.wait(patience)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status, self._said["stdout"], self._said["stderr"]


class Server(Program):
    """A server on a port that the system has chosen, once it listens."""

    def __init__(self, program, *arguments, **options):
        super().__init__(path_of(program), "--port", "0", *arguments, **options)
        self._note_port()

    def _note_port(self):
        try:
            self.wait_for(b"\n", "stdout")
        except AssertionError:
            self.kill()
            raise
        self.greeting = self._said["stdout"].split(b"\n")[0].decode()
        self.port = int(self.greeting.rpartition(":")[2])

    def connect(self, host="127.0.0.1"):
        return socket.create_connection((host, self.port), PATIENCE)


class PythonServer(Server):
    """The same for a Python program, which takes its port as the first argument."""

    def __init__(self, file, *arguments):
        Program.__init__(self, sys.executable, str(file), "0", *arguments)
        self._note_port()


class Peer:
    """A server for one connection, which `talk(socket)` handles on a thread of its own. To be used in a `with` block."""

    def __init__(self, talk):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(talk,), daemon=True)

    def _serve(self, talk):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # nobody came
        connection.settimeout(PATIENCE)
        with connection:
            talk(connection)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # ends an accept
        self._thread.join(PATIENCE)
        self._listener.close()


def receive_all(connection):
    """All that comes until the end of the stream."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def send_bytes_until_disconnected(connection):
    """Sends a byte at a time, far more often than any time-out; returns what was received before the disconnect."""
    received = b""
    give_up_at = time.monotonic() + PATIENCE
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < give_up_at:
            connection.sendall(b"x")
            if select.select([connection], [], [], 0.02)[0]:
                part = connection.recv(65536)
                if not part:
                    return received
                received += part
        raise AssertionError("it is still connected")
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
    """A file in the folder above that of the test."""
    return pathlib.Path(test).resolve().parent.parent / name
