"""How tcp_proxy shuts down on SIGINT and SIGTERM."""

import signal
import socket
import unittest

from programs import receive_all, receive_exactly
from upstreams import connected_pair, proxy_to

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def begin_shutdown(self, proxy, client, upstream):
        client.sendall(b"before")
        receive_exactly(upstream, 6)
        proxy.send_signal(signal.SIGTERM)
        proxy.wait_for(b" for 1 connection\n", "stderr")

    def test_open_connections_may_finish_while_the_proxy_shuts_down(self):
        for threads in ("1", "2"):
            with connected_pair("--drain", LONG, "--threads", threads) as (proxy, client, upstream):
                self.begin_shutdown(proxy, client, upstream)
                client.sendall(b"after")
                self.assertEqual(receive_exactly(upstream, 5), b"after")
                upstream.sendall(b"answer")
                self.assertEqual(receive_exactly(client, 6), b"answer")
                client.close()
                upstream.close()
                status, _, log = proxy.wait()
                self.assertEqual(status, 0)
                self.assertIn(b" sent 11 bytes, received 6 bytes\n", log)

    def test_a_connection_that_does_not_finish_within_the_drain_time_is_closed_on_both_sides(self):
        with connected_pair("--drain", "0.2") as (proxy, client, upstream):
            self.begin_shutdown(proxy, client, upstream)
            self.assertEqual((receive_all(client), receive_all(upstream)), (b"", b""))
            status, _, log = proxy.wait()
            self.assertEqual(status, 0)
            self.assertIn(b" canceled after 6 bytes in both directions\n", log)

    def test_a_client_that_waits_for_the_upstream_connection_is_disconnected(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))
            upstream.listen(0)
            address = upstream.getsockname()
            waiting = [socket.socket() for _ in range(4)]  # fills the backlog; Linux drops further SYNs
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(address)
            with proxy_to(address[1], "--drain", "0.2") as proxy, proxy.connect() as client:
                proxy.wait_for(b" connected\n", "stderr")
                proxy.send_signal(signal.SIGTERM)
                self.assertEqual(receive_all(client), b"")
                self.assertEqual(proxy.wait()[0], 0)
            for each in waiting:
                each.close()

    def test_a_second_signal_kills_the_proxy_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with connected_pair("--drain", LONG) as (proxy, client, upstream):
                self.begin_shutdown(proxy, client, upstream)
                proxy.send_signal(number)
                self.assertEqual(proxy.wait()[0], status)


if __name__ == "__main__":
    unittest.main()
