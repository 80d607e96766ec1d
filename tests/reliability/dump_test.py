"""The task dump of a server whose tasks are stuck."""

import re
import signal
import unittest

from served import HERE, ReliabilityServer, eventually

STUCK = 3


class Dump(unittest.TestCase):
    def hang(self, server):
        connections = [server.connect() for _ in range(STUCK)]
        for each in connections:
            self.addCleanup(each.close)
            each.sendall(b"hang\n")
        eventually(lambda: server.stats()["bytes_received"] >= STUCK * len(b"hang\n") + server.stats_sent,
                   "all requests have come")

    def test_fault_42_sigusr1_prints_the_source_locations_where_the_tasks_of_a_stuck_server_wait(self):
        source = (HERE / "server.cpp").read_text().splitlines()
        line = 1 + next(i for i, text in enumerate(source) if "co_await never.wait()" in text)
        with ReliabilityServer() as server:
            self.hang(server)
            server.send_signal(signal.SIGUSR1)
            output = server.wait_for(b"server.cpp:%d, for " % line, "stderr", STUCK).decode()
            for function in ("handle_client", "answer", "hang"):
                stand = re.findall(rf"\b{function} at server\.cpp:\d+, for ", output)
                self.assertGreaterEqual(len(stand), STUCK, f"{function}: {output}")
            server.stats()  # it still serves

    def test_fault_42_a_stuck_server_prints_its_tasks_also_while_it_drains(self):
        with ReliabilityServer("--drain", "3600") as server:
            self.hang(server)
            server.send_signal(signal.SIGTERM)
            server.wait_for(b"draining", "stderr")
            server.send_signal(signal.SIGUSR1)
            server.wait_for(b"hang at server.cpp:", "stderr", STUCK)


if __name__ == "__main__":
    unittest.main()
