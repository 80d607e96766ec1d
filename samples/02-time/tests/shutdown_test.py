"""How time_server and time_client shut down on SIGINT and SIGTERM."""

import contextlib
import os
import signal
import socket
import subprocess
import unittest

from programs import TIMEOUT, Program, Server, path_of
from time_requests import request_time


class Shutdown(unittest.TestCase):
    def test_a_server_exits_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for threads in ("1", "3"):
                with Server("time_server", "--drain", "3600", "--threads", threads) as server:
                    request_time(server.port)
                    server.wait_for(b"answered ", "stderr")
                    server.send_signal(number)
                    status, output, errors = server.wait()
                    self.assertEqual((status, errors.count(b"\n")), (0, 1))
                    self.assertRegex(output, rb"^listening on 127\.0\.0\.1:\d+\n$")

    @unittest.skipIf("thread" in os.environ.get("STRAIT_SANITIZE", ""), "ThreadSanitizer defers signals of a blocked thread")
    def test_a_second_signal_kills_a_server_that_is_blocked_on_its_log(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with self.full_log() as full:
                server = subprocess.Popen([path_of("time_server"), "--port", "0"], stdout=subprocess.PIPE, stderr=full)
                with server, server.stdout:
                    port = int(server.stdout.readline().rpartition(b":")[2])
                    request_time(port)  # from now on the server is blocked in writing its log
                    for _ in range(10 * TIMEOUT):  # two signals that are sent too quickly may be delivered as one
                        server.send_signal(number)
                        with contextlib.suppress(subprocess.TimeoutExpired):
                            server.wait(0.1)
                            break
                    else:
                        server.kill()
                    self.assertEqual(server.returncode, status)

    @contextlib.contextmanager
    def full_log(self):
        """A full pipe without a reader."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, bytes(4096))
        os.set_blocking(writing, True)
        try:
            yield writing
        finally:
            os.close(reading)
            os.close(writing)

    def test_a_signal_ends_a_client_that_waits_for_an_answer_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
                silent.settimeout(TIMEOUT)
                silent.bind(("127.0.0.1", 0))
                port = silent.getsockname()[1]
                with Program(path_of("time_client"), "--port", str(port), "--timeout", "3600") as client:
                    silent.recvfrom(65536)
                    client.send_signal(number)
                    self.assertEqual(client.wait(), (0, b"", b""))


if __name__ == "__main__":
    unittest.main()
