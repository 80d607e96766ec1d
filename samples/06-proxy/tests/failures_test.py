"""tcp_proxy with servers that are not there, and with connections that break: that client's end, and nobody else's."""

import contextlib
import resource
import signal
import socket
import struct
import time
import unittest

from programs import PATIENCE, Program, Server, path_of, receive_all, receive_exactly
from upstreams import connected_pair, echo_behind_proxy, proxy_to


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def name_of(connection):
    return b"127.0.0.1:%d" % connection.getsockname()[1]


class Failures(unittest.TestCase):
    def assert_closed(self, connection):
        """In order, or with a reset, if it has sent what nobody has read."""
        try:
            self.assertEqual(receive_all(connection), b"")
        except ConnectionResetError:
            pass

    # A server that is not there

    def test_clients_of_a_server_that_is_down_are_closed_until_it_is_up(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))  # nobody listens yet
            port = upstream.getsockname()[1]
            with proxy_to(port) as proxy:
                for _ in range(3):
                    with proxy.connect() as client:
                        name = name_of(client)
                        self.assert_closed(client)
                        proxy.wait_for(b"%s disconnected: connect to 127.0.0.1:%d: connection refused\n" % (name, port),
                                       "stderr")
                upstream.listen()
                with proxy.connect() as client:
                    connection, _ = upstream.accept()
                    with connection:
                        connection.sendall(b"up again")
                        self.assertEqual(receive_exactly(client, 8), b"up again")

    def test_a_server_whose_name_is_unknown(self):
        with Server("tcp_proxy", "no-such-host.invalid:80") as proxy:  # RFC 2606: never a host
            with proxy.connect() as client:
                self.assert_closed(client)
            proxy.wait_for(b" disconnected: resolve no-such-host.invalid:80: host not found", "stderr")

    def test_a_server_that_does_not_answer(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))
            upstream.listen(0)
            where = upstream.getsockname()
            waiting = [socket.socket() for _ in range(4)]  # of more than there is room for, Linux hears nothing
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(where)
            with proxy_to(where[1], "--connect-timeout", "0.3") as proxy, proxy.connect() as client:
                client.sendall(b"is anyone there?")
                self.assert_closed(client)
                proxy.wait_for(b" disconnected: connect to 127.0.0.1:%d: timed out" % where[1], "stderr")
            for each in waiting:
                each.close()

    def assert_detects_itself(self, host, *upstreams):
        for upstream in upstreams:
            for threads in ("1", "2"):
                with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
                    port = free.getsockname()[1]
                with (self.subTest(upstream=upstream, threads=threads),
                      Program(path_of("tcp_proxy"), "--host", host, "--port", str(port), "--threads", threads,
                              f"{upstream}:{port}") as proxy):
                    proxy.wait_for(b"listening on ", "stdout")
                    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                        self.assert_closed(client)
                        client_port = client.getsockname()[1]
                    proxy.wait_for(b" disconnected: the upstream server is this proxy itself\n", "stderr")
                    proxy.wait_for(b":%d disconnected" % client_port, "stderr")
                    proxy.send_signal(signal.SIGTERM)
                    status, _, log = proxy.wait()
                    self.assertEqual(status, 0)
                    self.assertLess(log.count(b" connected\n"), 20)

    def test_a_proxy_that_is_its_own_upstream_closes_its_clients(self):
        self.assert_detects_itself("127.0.0.1", "127.0.0.1", "localhost")

    def test_a_proxy_on_both_kinds_of_addresses_that_is_its_own_upstream_closes_its_clients(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"no IPv6 here: {e}")
        self.assert_detects_itself("::", "127.0.0.1", "[::1]")

    def test_connections_never_take_all_descriptors(self):
        with echo_behind_proxy(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))) as proxy:
            clients = [proxy.connect() for _ in range(60)]
            answered = 0
            for client in clients:
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    client.sendall(b"x")
                    answered += client.recv(1) == b"x"  # or it is closed at once
            self.assertEqual(answered, (64 // 4 * 3 - 16) // 2)
            for client in clients:
                client.close()

    # Connections that break

    def test_a_reset_by_the_client_ends_its_connection_only(self):
        with echo_behind_proxy() as proxy, proxy.connect() as other:
            client = proxy.connect()
            client.sendall(b"12345")
            receive_exactly(client, 5)
            name = name_of(client)
            reset(client)
            proxy.wait_for(b"%s disconnected: read from %s: connection reset by peer\n" % (name, name), "stderr")
            proxy.wait_for(name + b" broke off: 5 bytes had gone that way\n", "stderr")
            other.sendall(b"unharmed")
            self.assertEqual(receive_exactly(other, 8), b"unharmed")

    def assert_reset_is_passed_on(self, source, sink):
        source.sendall(b"half of a document")
        self.assertEqual(receive_exactly(sink, 18), b"half of a document")
        reset(source)
        with self.assertRaises(ConnectionResetError):
            sink.recv(1)

    def test_a_reset_by_the_client_is_passed_on_to_the_server(self):
        with connected_pair() as (_, client, upstream):
            self.assert_reset_is_passed_on(client, upstream)

    def test_a_reset_by_the_server_is_passed_on_to_the_client(self):
        with connected_pair() as (_, client, upstream):
            self.assert_reset_is_passed_on(upstream, client)

    def test_what_came_before_a_reset_is_delivered_to_a_client_that_reads_later(self):
        with connected_pair() as (proxy, client, upstream):
            upstream.sendall(b"x" * 30000)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            reset(upstream)
            proxy.wait_for(b" disconnected: read from %s: connection reset by peer\n" % name, "stderr")
            self.assertEqual(receive_exactly(client, 30000), b"x" * 30000)
            with self.assertRaises(ConnectionResetError):
                client.recv(1)

    def test_a_reset_by_the_server_ends_the_clients_connection(self):
        with connected_pair() as (proxy, client, upstream):
            upstream.sendall(b"x")
            receive_exactly(client, 1)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            reset(upstream)
            self.assert_closed(client)
            proxy.wait_for(b" disconnected: read from %s: connection reset by peer\n" % name, "stderr")

    def test_a_server_that_dies_ends_its_clients_and_not_the_proxy(self):
        with Server("echo_server") as upstream, proxy_to(upstream.port) as proxy:
            clients = [proxy.connect() for _ in range(10)]
            for client in clients:
                client.sendall(b"x")
                receive_exactly(client, 1)
            upstream.kill()
            for client in clients:
                self.assert_closed(client)
                client.close()
            with proxy.connect() as late:
                self.assert_closed(late)
            proxy.wait_for(b": connection refused\n", "stderr")

    # Limits

    def test_an_idle_connection_is_closed_on_both_sides(self):
        with connected_pair("--idle-timeout", "0.2") as (proxy, client, upstream):
            client.sendall(b"x")
            self.assertEqual(receive_exactly(upstream, 1), b"x")
            self.assertEqual((receive_all(client), receive_all(upstream)), (b"", b""))
            proxy.wait_for(b"timed out\n", "stderr")

    def test_a_server_that_never_answers_who_has_sent_all_is_idle(self):
        with connected_pair("--idle-timeout", "0.2") as (proxy, client, upstream):
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(upstream), b"question")
            self.assert_closed(client)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            proxy.wait_for(b" disconnected: read from %s: timed out\n" % name, "stderr")

    def test_a_side_that_sends_and_does_not_read_is_closed(self):
        with connected_pair("--idle-timeout", "1") as (proxy, client, upstream):
            upstream.setblocking(False)
            give_up_at = time.monotonic() + PATIENCE
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while time.monotonic() < give_up_at:
                    client.sendall(b"x")
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            upstream.send(b"y" * (1 << 20))
                    time.sleep(0.05)
                self.fail("it is still connected")
            proxy.wait_for(b": timed out\n", "stderr")

    def test_a_connection_on_which_only_one_side_speaks_is_not_idle(self):
        with connected_pair("--idle-timeout", "0.4") as (_, client, upstream):
            client.settimeout(0.1)  # the beat, not a wait for anything
            for i in range(10):
                upstream.sendall(bytes([i]))
                self.assertEqual(receive_exactly(client, 1), bytes([i]))
                with self.assertRaises(TimeoutError):
                    client.recv(1)
            upstream.close()
            self.assertEqual(receive_all(client), b"")

    def test_one_connection_more_than_the_limit_is_closed_at_once(self):
        with echo_behind_proxy("--max-connections", "2") as proxy:
            with proxy.connect() as first, proxy.connect() as second, proxy.connect() as third:
                self.assertEqual(receive_all(third), b"")
                proxy.wait_for(b" refused: too many connections\n", "stderr")
                for each in (first, second):
                    each.sendall(b"x")
                    receive_exactly(each, 1)
            proxy.wait_for(b" disconnected\n", "stderr", 2)
            with proxy.connect() as again:
                again.sendall(b"x")
                receive_exactly(again, 1)


if __name__ == "__main__":
    unittest.main()
