"""What a server that is stuck says of itself."""

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
        eventually(lambda: server.stats()["bytes_received"] >= STUCK * len(b"hang\n") + server.operator_sent,
                   "all requests have come")

    def test_fault_42_SIGUSR1_shows_where_in_its_source_the_tasks_of_a_stuck_server_wait(self):
        source = (HERE / "server.cpp").read_text().splitlines()
        line = 1 + next(i for i, text in enumerate(source) if "co_await never.wait()" in text)
        with ReliabilityServer() as server:
            self.hang(server)
            server.send_signal(signal.SIGUSR1)
            said = server.wait_for(b"server.cpp:%d, for " % line, "stderr", STUCK).decode()
            for function in ("converse", "answer", "hang"):
                stand = re.findall(rf"\b{function}\(.* at server\.cpp:\d+, for ", said)
                self.assertGreaterEqual(len(stand), STUCK, f"{function}: {said}")
            server.stats()  # it goes on

    def test_fault_42_a_stuck_server_shows_its_tasks_while_it_drains_too(self):
        with ReliabilityServer("--drain", "3600") as server:
            self.hang(server)
            server.send_signal(signal.SIGTERM)
            server.wait_for(b"draining", "stderr")
            server.send_signal(signal.SIGUSR1)
            server.wait_for(b"hang() at server.cpp:", "stderr", STUCK)


if __name__ == "__main__":
    unittest.main()
