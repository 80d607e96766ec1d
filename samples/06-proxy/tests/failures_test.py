"""tcp_proxy with unreachable upstream servers and failing connections, which must not affect other clients."""

import contextlib
import resource
import signal
import socket
import struct
import time
import unittest

from programs import TIMEOUT, Program, Server, path_of, receive_all, receive_exactly
from upstreams import connected_pair, echo_behind_proxy, proxy_to


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def name_of(connection):
    return b"127.0.0.1:%d" % connection.getsockname()[1]


class Failures(unittest.TestCase):
    def assert_closed(self, connection):
        """Asserts the end of the stream, or a reset, which occurs if the proxy has not read all data."""
        try:
            self.assertEqual(receive_all(connection), b"")
        except ConnectionResetError:
            pass

    # Unreachable servers

    def test_clients_are_disconnected_until_the_upstream_server_listens(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))  # does not listen yet
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

    def test_a_client_is_disconnected_when_the_name_of_the_upstream_server_is_unknown(self):
        with Server("tcp_proxy", "no-such-host.invalid:80") as proxy:  # RFC 2606: never resolves
            with proxy.connect() as client:
                self.assert_closed(client)
            proxy.wait_for(b" disconnected: resolve no-such-host.invalid:80: host not found", "stderr")

    def test_a_client_is_disconnected_when_the_upstream_connection_times_out(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))
            upstream.listen(0)
            address = upstream.getsockname()
            waiting = [socket.socket() for _ in range(4)]  # fills the backlog; Linux drops further SYNs
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            with proxy_to(address[1], "--connect-timeout", "0.3") as proxy, proxy.connect() as client:
                client.sendall(b"hello?")
                self.assert_closed(client)
                proxy.wait_for(b" disconnected: connect to 127.0.0.1:%d: timed out" % address[1], "stderr")
            for each in waiting:
                each.close()

    @contextlib.contextmanager
    def proxy_to_itself(self, host, upstream, threads):
        """Yields a proxy whose upstream server is itself, and its port, which must be known before it starts."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        while True:
            with socket.create_server((host, 0), family=family, dualstack_ipv6=":" in host) as free:
                port = free.getsockname()[1]
            with Program(path_of("tcp_proxy"), "--host", host, "--port", str(port), "--threads", threads,
                         f"{upstream}:{port}") as proxy:
                try:
                    proxy.wait_for(b"listening on ", "stdout")
                except AssertionError:
                    if b"address already in use" not in proxy.wait()[2]:
                        raise
                    continue  # by another program, meanwhile
                yield proxy, port
                return

    def assert_detects_itself(self, host, *upstreams):
        for upstream in upstreams:
            for threads in ("1", "2"):
                with (self.subTest(upstream=upstream, threads=threads),
                      self.proxy_to_itself(host, upstream, threads) as (proxy, port)):
                    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
                        self.assert_closed(client)
                        client_port = client.getsockname()[1]
                    proxy.wait_for(b" disconnected: the upstream server is this proxy itself\n", "stderr")
                    proxy.wait_for(b":%d disconnected" % client_port, "stderr")
                    proxy.send_signal(signal.SIGTERM)
                    status, _, log = proxy.wait()
                    self.assertEqual(status, 0)
                    self.assertLess(log.count(b" connected\n"), 20)

    def test_a_proxy_that_is_its_own_upstream_disconnects_its_clients(self):
        self.assert_detects_itself("127.0.0.1", "127.0.0.1", "localhost")

    def test_a_dual_stack_proxy_that_is_its_own_upstream_disconnects_its_clients(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"IPv6 is not available: {e}")
        self.assert_detects_itself("::", "127.0.0.1", "[::1]")

    def test_connections_never_exhaust_the_descriptors(self):
        with echo_behind_proxy(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))) as proxy:
            clients = [proxy.connect() for _ in range(60)]
            answered = 0
            for client in clients:
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    client.sendall(b"x")
                    answered += client.recv(1) == b"x"  # otherwise it is closed at once
            self.assertEqual(answered, (64 // 4 * 3 - 16) // 2)
            for client in clients:
                client.close()

    # Failing connections

    def test_a_reset_by_a_client_ends_only_its_connection(self):
        with echo_behind_proxy() as proxy, proxy.connect() as other:
            client = proxy.connect()
            client.sendall(b"12345")
            receive_exactly(client, 5)
            name = name_of(client)
            reset(client)
            proxy.wait_for(b"%s disconnected: read from %s: connection reset by peer\n" % (name, name), "stderr")
            proxy.wait_for(name + b" failed after 5 bytes in the failed direction\n", "stderr")
            other.sendall(b"unharmed")
            self.assertEqual(receive_exactly(other, 8), b"unharmed")

    def assert_reset_is_forwarded(self, source, sink):
        source.sendall(b"half of a document")
        self.assertEqual(receive_exactly(sink, 18), b"half of a document")
        reset(source)
        with self.assertRaises(ConnectionResetError):
            sink.recv(1)

    def test_a_reset_by_the_client_resets_the_upstream_connection(self):
        with connected_pair() as (_, client, upstream):
            self.assert_reset_is_forwarded(client, upstream)

    def test_a_reset_by_the_upstream_server_resets_the_client(self):
        with connected_pair() as (_, client, upstream):
            self.assert_reset_is_forwarded(upstream, client)

    def test_data_received_before_a_reset_is_delivered_to_a_client_that_reads_later(self):
        with connected_pair() as (proxy, client, upstream):
            client.sendall(b"x")
            receive_exactly(upstream, 1)  # the proxy has noticed that it is connected
            upstream.sendall(b"x" * 30000)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            reset(upstream)
            proxy.wait_for(b" disconnected: read from %s: connection reset by peer\n" % name, "stderr")
            self.assertEqual(receive_exactly(client, 30000), b"x" * 30000)
            with self.assertRaises(ConnectionResetError):
                client.recv(1)

    def test_a_reset_by_the_upstream_server_is_logged(self):
        with connected_pair() as (proxy, client, upstream):
            upstream.sendall(b"x")
            receive_exactly(client, 1)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            reset(upstream)
            self.assert_closed(client)
            proxy.wait_for(b" disconnected: read from %s: connection reset by peer\n" % name, "stderr")

    def test_a_killed_upstream_server_ends_its_connections_but_not_the_proxy(self):
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

    def test_an_idle_connection_is_closed_on_both_sides_after_the_idle_timeout(self):
        with connected_pair("--idle-timeout", "0.2") as (proxy, client, upstream):
            client.sendall(b"x")
            self.assertEqual(receive_exactly(upstream, 1), b"x")
            self.assertEqual((receive_all(client), receive_all(upstream)), (b"", b""))
            proxy.wait_for(b"timed out\n", "stderr")

    def test_an_upstream_server_that_never_answers_a_finished_request_is_idle(self):
        with connected_pair("--idle-timeout", "0.2") as (proxy, client, upstream):
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(upstream), b"question")
            self.assert_closed(client)
            name = b"127.0.0.1:%d" % upstream.getsockname()[1]
            proxy.wait_for(b" disconnected: read from %s: timed out\n" % name, "stderr")

    def test_a_side_that_sends_but_does_not_read_is_disconnected(self):
        with connected_pair("--idle-timeout", "1") as (proxy, client, upstream):
            upstream.setblocking(False)
            give_up_at = time.monotonic() + TIMEOUT
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while time.monotonic() < give_up_at:
                    client.sendall(b"x")
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            upstream.send(b"y" * (1 << 20))
                    time.sleep(0.05)
                self.fail("the proxy did not disconnect")
            proxy.wait_for(b": timed out\n", "stderr")

    def test_a_connection_with_data_in_one_direction_is_not_idle(self):
        with connected_pair("--idle-timeout", "0.4") as (_, client, upstream):
            client.settimeout(0.1)  # the interval between messages
            for i in range(10):
                upstream.sendall(bytes([i]))
                self.assertEqual(receive_exactly(client, 1), bytes([i]))
                with self.assertRaises(TimeoutError):
                    client.recv(1)
            upstream.close()
            self.assertEqual(receive_all(client), b"")

    def test_a_connection_beyond_the_limit_is_closed_at_once(self):
        with echo_behind_proxy("--max-connections", "2") as proxy:
            with proxy.connect() as first, proxy.connect() as second, proxy.connect() as third:
                self.assertEqual(receive_all(third), b"")
                proxy.wait_for(b" rejected: too many connections\n", "stderr")
                for each in (first, second):
                    each.sendall(b"x")
                    receive_exactly(each, 1)
            proxy.wait_for(b" disconnected\n", "stderr", 2)
            with proxy.connect() as again:
                again.sendall(b"x")
                receive_exactly(again, 1)


if __name__ == "__main__":
    unittest.main()
