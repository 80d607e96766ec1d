"""How tcp_proxy ends when a signal tells it to."""

import signal
import socket
import unittest

from programs import receive_all, receive_exactly
from upstreams import connected_pair, proxy_to

LONG = "3600"  # seconds


class Shutdown(unittest.TestCase):
    def begin_to_end(self, proxy, client, upstream):
        client.sendall(b"before")
        receive_exactly(upstream, 6)
        proxy.send_signal(signal.SIGTERM)
        proxy.wait_for(b"ending: 1 connected", "stderr")

    def test_who_is_connected_may_finish(self):
        for threads in ("1", "2"):
            with connected_pair("--drain", LONG, "--threads", threads) as (proxy, client, upstream):
                self.begin_to_end(proxy, client, upstream)
                client.sendall(b"after")
                self.assertEqual(receive_exactly(upstream, 5), b"after")
                upstream.sendall(b"answer")
                self.assertEqual(receive_exactly(client, 6), b"answer")
                client.close()
                upstream.close()
                status, _, log = proxy.wait()
                self.assertEqual(status, 0)
                self.assertIn(b" sent 11 bytes, received 6 bytes\n", log)

    def test_who_does_not_finish_in_time_is_cut_off_on_both_sides(self):
        with connected_pair("--drain", "0.2") as (proxy, client, upstream):
            self.begin_to_end(proxy, client, upstream)
            self.assertEqual((receive_all(client), receive_all(upstream)), (b"", b""))
            status, _, log = proxy.wait()
            self.assertEqual(status, 0)
            self.assertIn(b" is to end: 6 bytes had gone both ways\n", log)

    def test_a_client_that_waits_for_the_upstream_server_is_cut_off(self):
        with socket.socket() as upstream:
            upstream.bind(("127.0.0.1", 0))
            upstream.listen(0)
            where = upstream.getsockname()
            waiting = [socket.socket() for _ in range(4)]  # of more than there is room for, Linux hears nothing
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(where)
            with proxy_to(where[1], "--drain", "0.2") as proxy, proxy.connect() as client:
                proxy.wait_for(b" connected\n", "stderr")
                proxy.send_signal(signal.SIGTERM)
                self.assertEqual(receive_all(client), b"")
                self.assertEqual(proxy.wait()[0], 0)
            for each in waiting:
                each.close()

    def test_a_second_signal_ends_the_proxy_at_once(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            with connected_pair("--drain", LONG) as (proxy, client, upstream):
                self.begin_to_end(proxy, client, upstream)
                proxy.send_signal(number)
                self.assertEqual(proxy.wait()[0], status)


if __name__ == "__main__":
    unittest.main()
