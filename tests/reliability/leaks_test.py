"""A server leaks nothing over a hundred thousand connections."""

import contextlib
import time
import unittest

from served import SANITIZED, ReliabilityServer, ShortConnections, eventually, scaled, show

WARM_UP = scaled(10_000)
CONNECTIONS = scaled(100_000)
SOURCES = ("127.0.0.2", "127.0.0.3")
MEMORY = 256 * 1024  # bytes; the peak number of concurrent connections varies


class Leaks(unittest.TestCase):
    def connect(self, server, count):
        """Makes `count` short connections; waits until the server has closed all of them."""
        before = server.stats()["accepted"]
        with contextlib.ExitStack() as stack:
            processes = [stack.enter_context(ShortConnections(server.port, source, count // 2))
                         for source in SOURCES]
            for process in processes:
                result = process.result()
                self.assertEqual((result["answered"], result["failures"]), (count // 2, []))
        eventually(lambda: server.stats()["active"] == 1, "the server has noticed that all have gone")
        self.assertEqual(server.stats()["accepted"] - before, count)

    def check_leaks(self, threads):
        with ReliabilityServer("--threads", threads) as server:
            self.connect(server, WARM_UP)
            before = server.descriptors(), server.memory()
            began = time.monotonic(), server.cpu_time()
            self.connect(server, CONNECTIONS)
            took, used = time.monotonic() - began[0], server.cpu_time() - began[1]
            after = server.descriptors(), server.memory()
            show(f"{CONNECTIONS} connections, {threads} thread(s), in {took:.1f} s, {1e6 * used / CONNECTIONS:.1f} us "
                f"of CPU time each: {before[0]} descriptors before, {after[0]} after; "
                f"{before[1] // 1024} KiB of memory before, {after[1] // 1024} KiB after")
            self.assertEqual(after[0], before[0])
            if not SANITIZED:
                self.assertLess(after[1], before[1] + MEMORY)

    def test_a_hundred_thousand_connections_leak_no_descriptors_and_no_memory(self):
        self.check_leaks("1")

    def test_a_hundred_thousand_connections_leak_no_descriptors_and_no_memory_on_two_threads(self):
        self.check_leaks("2")


if __name__ == "__main__":
    unittest.main()
