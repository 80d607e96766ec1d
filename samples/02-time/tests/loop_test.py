"""time_server does not answer servers: two servers that answer each other would never stop."""

import socket
import struct
import unittest

from programs import PythonServer, Server, file_beside
from time_requests import Clock, TimeClient

UDP_HEADER = struct.Struct("!HHHH")


class Loop(unittest.TestCase):
    def send_as(self, sender_port, server, payload=b"x"):
        """Sends a request with the forged source port `sender_port`."""
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except OSError as e:
            self.skipTest(f"raw sockets are not available: {e}")
        with raw:
            header = UDP_HEADER.pack(sender_port, server.port, UDP_HEADER.size + len(payload), 0)
            raw.sendto(header + payload, ("127.0.0.1", 0))

    def wait_until_ignored(self, server, sender_port, reason):
        server.wait_for(b"ignored a datagram from 127.0.0.1:%d: %s\n" % (sender_port, reason), "stderr")

    def assert_answer_count(self, server, answers):
        """Asserts how often 127.0.0.1 was answered. When this request is answered, all earlier ones are handled."""
        with TimeClient(server.port, source="127.0.0.2") as client:
            client.request()
        server.wait_for(b"answered 127.0.0.2:", "stderr")
        self.assertEqual(server.output_so_far("stderr").count(b"answered 127.0.0.1:"), answers)

    def test_a_server_does_not_answer_itself(self):
        for arguments in ((), ("--rate-limit", "0")):
            for form in ("ctime", "iso", "epoch"):
                with (self.subTest(arguments=arguments, form=form),
                      Server("time_server", "--format", form, *arguments) as server):
                    self.send_as(server.port, server)
                    self.wait_until_ignored(server, server.port, b"it is an answer of another time server")
                    self.assert_answer_count(server, 1)

    def test_two_servers_do_not_answer_each_other(self):
        for form in ("ctime", "iso", "epoch"):
            with (self.subTest(form), Server("time_server", "--rate-limit", "0") as one,
                  Server("time_server", "--rate-limit", "0", "--format", form) as other):
                self.send_as(one.port, other)
                self.wait_until_ignored(one, other.port, b"it is an answer of another time server")
                self.assert_answer_count(one, 0)
                self.assert_answer_count(other, 1)

    def test_a_server_does_not_loop_with_a_server_that_answers_everything(self):
        for program in ("time_server.py", "time_socketserver.py"):
            with (self.subTest(program), PythonServer(file_beside(__file__, program)) as other,
                  Server("time_server", "--rate-limit", "0") as server):
                self.send_as(other.port, server)
                self.wait_until_ignored(server, other.port, b"it is an answer of another time server")
                self.assert_answer_count(server, 1)

    def test_datagrams_from_well_known_ports_are_not_answered(self):
        for port in (1, 7, 53, 1023):
            with self.subTest(port), Server("time_server", "--rate-limit", "0") as server:
                self.send_as(port, server)
                self.wait_until_ignored(server, port, b"its port belongs to a system service (1 to 1023)")
                self.assert_answer_count(server, 0)

    def test_a_datagram_that_is_a_time_is_not_answered(self):
        with (Server("time_server", "--rate-limit", "0") as server,
              TimeClient(server.port, source="127.0.0.3") as client):
            for answer in [Clock().times()[0].encode(), b"2026-11-22T21:24:03+01:00\r\n", b"1795378922\n"]:
                client.send(answer)
            for request in (b"", b"what time is it?", b"Sun Nov 22", b"12:30", b"1" * 100):
                self.assertTrue(client.request(request))
            self.assertEqual(server.wait_for(b"answered ", "stderr", 5).count(b"answered "), 5)


if __name__ == "__main__":
    unittest.main()
