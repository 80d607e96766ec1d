"""tcp_proxy with a working upstream server: forwarding, the end of the stream, and slow readers."""

import hashlib
import os
import random
import socket
import threading
import unittest

from crowd import echo_concurrently
from programs import TIMEOUT, Server, file_beside, receive_all, receive_exactly, run
from upstreams import connected_pair, echo_behind_proxy, proxy_to

BOOK = str(file_beside(__file__, "../01-echo/book.txt"))
SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
LARGE = (4 if SANITIZED else 64) << 20


class Sender(threading.Thread):
    """Sends `size` random bytes and shuts down the sending side; `digest` returns their digest."""

    def __init__(self, connection, size, seed):
        super().__init__(daemon=True)
        self._connection, self._size, self._random = connection, size, random.Random(seed)
        self._sum = hashlib.blake2b()
        self.start()

    def run(self):
        left = self._size
        while left > 0:
            part = self._random.randbytes(min(left, 300_000))
            self._sum.update(part)
            self._connection.sendall(part)
            left -= len(part)
        self._connection.shutdown(socket.SHUT_WR)

    def digest(self):
        self.join(TIMEOUT)
        return self._sum.hexdigest()


def digest_of_all(connection):
    received = hashlib.blake2b()
    while part := connection.recv(1 << 20):
        received.update(part)
    return received.hexdigest()


class Proxy(unittest.TestCase):
    # Forwarding

    def test_the_echo_client_works_through_the_proxy(self):
        with Server("echo_server") as upstream:
            with proxy_to(upstream.port) as proxy:
                through = run("echo_client", "--port", str(proxy.port), BOOK)
                log = proxy.wait_for(b"disconnected\n", "stderr").decode()
            direct = run("echo_client", "--port", str(upstream.port), BOOK)
        self.assertEqual((through.returncode, through.stderr), (0, b""))
        self.assertEqual(through.stdout.splitlines()[:-1], direct.stdout.splitlines()[:-1])
        self.assertRegex(log, r"^127\.0\.0\.1:(\d+) connected\n"
                              rf"127\.0\.0\.1:\1 forwarded to 127\.0\.0\.1:{upstream.port} from 127\.0\.0\.1:\d+\n"
                              r"127\.0\.0\.1:\1 sent 19973 bytes, received 19973 bytes\n"
                              r"127\.0\.0\.1:\1 disconnected\n$")

    def test_the_upstream_server_may_be_given_by_name(self):
        with Server("echo_server") as upstream, Server("tcp_proxy", f"localhost:{upstream.port}") as proxy:
            with proxy.connect() as connection:
                connection.sendall(b"hello")
                self.assertEqual(receive_exactly(connection, 5), b"hello")

    def test_the_upstream_server_may_have_an_ipv6_address(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError as e:
            self.skipTest(f"IPv6 is not available: {e}")
        with Server("echo_server", "--host", "::1") as upstream, Server("tcp_proxy", f"[::1]:{upstream.port}") as proxy:
            with proxy.connect() as connection:
                connection.sendall(b"hello")
                self.assertEqual(receive_exactly(connection, 5), b"hello")

    def test_large_amounts_of_data_are_forwarded_in_both_directions_concurrently(self):
        with connected_pair() as (proxy, client, upstream):
            up, down = Sender(client, LARGE, 1), Sender(upstream, LARGE // 2, 2)
            received = []
            at_upstream = threading.Thread(target=lambda: received.append(digest_of_all(upstream)))
            at_upstream.start()
            self.assertEqual(digest_of_all(client), down.digest())
            at_upstream.join(TIMEOUT)
            self.assertEqual(received, [up.digest()])
            proxy.wait_for(b" sent %d bytes, received %d bytes\n" % (LARGE, LARGE // 2), "stderr")

    def test_single_byte_segments_are_forwarded(self):
        with echo_behind_proxy() as proxy, proxy.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent = bytes(range(256)) * 4
            for byte in sent:
                connection.sendall(bytes([byte]))
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(connection), sent)

    def test_two_proxies_can_be_chained(self):
        with Server("echo_server") as upstream, proxy_to(upstream.port) as second, proxy_to(second.port) as first:
            ended = run("echo_client", "--quiet", "--port", str(first.port), BOOK)
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_two_hundred_concurrent_connections_are_forwarded(self):
        number = 200
        for threads in ("1", "3"):
            with echo_behind_proxy("--threads", threads) as proxy:
                echo_concurrently(proxy.port, clients=number, rounds=10)
                proxy.wait_for(b" disconnected\n", "stderr", number)

    # The end of the stream

    def test_a_client_that_shuts_down_its_sending_side_still_receives_the_answer(self):
        with connected_pair() as (proxy, client, upstream):
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(upstream), b"question")  # the end of the stream is forwarded, too
            upstream.sendall(b"answer")
            upstream.close()
            self.assertEqual(receive_all(client), b"answer")
            proxy.wait_for(b" sent 8 bytes, received 6 bytes\n", "stderr")

    def test_an_upstream_server_that_shuts_down_its_sending_side_still_receives(self):
        with connected_pair() as (proxy, client, upstream):
            upstream.sendall(b"welcome")
            upstream.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(client), b"welcome")
            client.sendall(b"thank you")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(receive_all(upstream), b"thank you")
            proxy.wait_for(b" sent 9 bytes, received 7 bytes\n", "stderr")

    def test_data_in_flight_is_forwarded_after_the_client_shuts_down_its_sending_side(self):
        with echo_behind_proxy() as proxy, proxy.connect() as connection:
            sender = Sender(connection, 8 << 20, 3)
            self.assertEqual(digest_of_all(connection), sender.digest())

    def test_the_answer_of_an_upstream_server_that_closes_at_once_is_forwarded(self):
        with connected_pair() as (_, client, upstream):
            upstream.sendall(b"go away")
            upstream.close()
            self.assertEqual(receive_all(client), b"go away")

    # Slow readers

    def test_a_slow_reader_slows_down_the_sender_and_uses_no_memory(self):
        with connected_pair() as (proxy, client, upstream):
            upstream.sendall(b"x")
            receive_exactly(client, 1)
            before = proxy.memory()
            upstream.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                while True:
                    upstream.sendall(b"x" * 65536)
            if not SANITIZED:
                self.assertLess(proxy.memory() - before, 2 << 20)

    def test_a_slow_reader_receives_all_data(self):
        with connected_pair() as (_, client, upstream):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            sender = Sender(upstream, 2 << 20, 4)
            received = hashlib.blake2b()
            while part := client.recv(1000):
                received.update(part)
            self.assertEqual(received.hexdigest(), sender.digest())


if __name__ == "__main__":
    unittest.main()
