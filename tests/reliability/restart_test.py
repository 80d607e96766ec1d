"""A server that is replaced by a new one while clients keep connecting."""

import contextlib
import signal
import socket
import unittest

from served import SANITIZED, InheritingServer, ShortConnections, show

RESTARTS = 8
SOURCES = ("127.0.0.2", "127.0.0.3")
BETWEEN = 1 if SANITIZED else 2  # thousands of connections of each client between two replacements


class Restart(unittest.TestCase):
    def setUp(self):
        """Opens the listening socket, as a service manager does."""
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]

    def begin(self, stack, *arguments):
        server = stack.enter_context(InheritingServer(self.listener, *arguments))
        self.assertEqual(server.port, self.port)
        return server

    def replace(self, stack, server, *arguments):
        """Starts the next server, and then shuts down this one; returns the next one and this one's report."""
        following = self.begin(stack, *arguments)
        server.send_signal(signal.SIGTERM)
        return following, server.report()

    def end(self, server, clients):
        """Stops the clients, and then the server; returns the counts of all of them."""
        results = [each.result() for each in clients]
        server.send_signal(signal.SIGTERM)
        return results, server.report()

    def check(self, results, reports):
        self.assertEqual([each["failures"] for each in results], [[]] * len(results))
        for clients, servers in (("answered", "accepted"), ("answered", "served"), ("sent", "bytes_received"),
                                 ("received", "bytes_sent")):
            with self.subTest(servers):
                self.assertEqual(sum(each[clients] for each in results), sum(each[servers] for each in reports))

    def wait_until_busy(self, clients):
        """Waits for progress reports of the clients, because a connection to the server would be counted."""
        marks = [each.output_so_far("stdout").count(b"\n") + BETWEEN for each in clients]
        for each, mark in zip(clients, marks):
            each.wait_for(b"\n", "stdout", mark)

    def check_restarts(self, *arguments):
        with contextlib.ExitStack() as stack:
            server = self.begin(stack, *arguments)
            clients = [stack.enter_context(ShortConnections(self.port, source)) for source in SOURCES]
            reports = []
            for _ in range(RESTARTS):
                self.wait_until_busy(clients)
                server, report = self.replace(stack, server, *arguments)
                reports.append(report)
            results, report = self.end(server, clients)
            reports.append(report)
            self.check(results, reports)
            longest = max(each["longest"] for each in results)
            show(f"{RESTARTS} restarts {arguments} during {sum(each['answered'] for each in results)} connections: "
                 f"none failed, the longest took {1e3 * longest:.1f} ms; "
                f"{sum(each['drained'] for each in reports)} ended in servers that were draining")

    def test_no_connection_fails_while_a_server_is_replaced_on_an_inherited_socket(self):
        self.check_restarts()

    def test_no_connection_fails_while_a_server_with_two_threads_is_replaced(self):
        self.check_restarts("--threads", "2")

    def test_clients_that_connect_while_no_server_runs_are_answered_by_the_next_one(self):
        with contextlib.ExitStack() as stack:
            server = self.begin(stack)
            clients = [stack.enter_context(ShortConnections(self.port, source)) for source in SOURCES]
            reports = []
            for _ in range(RESTARTS):
                self.wait_until_busy(clients)
                server.send_signal(signal.SIGTERM)
                reports.append(server.report())
                server = self.begin(stack)
            results, report = self.end(server, clients)
            reports.append(report)
            self.check(results, reports)
            show(f"{RESTARTS} times no server, during {sum(each['answered'] for each in results)} connections: "
                 f"none failed, the longest took {1e3 * max(each['longest'] for each in results):.1f} ms")


if __name__ == "__main__":
    unittest.main()
