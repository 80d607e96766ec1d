"""time_server does not answer servers: two that answer each other would do so for ever."""

import socket
import struct
import unittest

from programs import PythonServer, Server, file_beside
from questions import Asker, Clock

UDP_HEADER = struct.Struct("!HHHH")


class Loop(unittest.TestCase):
    def send_as(self, sender_port, server, payload=b"x"):
        """Sends a question in the name of another port of this host."""
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        except OSError as e:
            self.skipTest(f"no raw sockets: {e}")
        with raw:
            header = UDP_HEADER.pack(sender_port, server.port, UDP_HEADER.size + len(payload), 0)
            raw.sendto(header + payload, ("127.0.0.1", 0))

    def assert_goes_no_further(self, server, answers):
        """What has come before this question has been seen when it is answered."""
        with Asker(server.port, source="127.0.0.2") as asker:
            asker.ask()
        server.wait_for(b"answered 127.0.0.2:", "stderr")
        self.assertEqual(server.said("stderr").count(b"answered 127.0.0.1:"), answers)

    def test_a_server_does_not_answer_itself(self):
        for arguments in ((), ("--rate-limit", "0")):
            for form in ("ctime", "iso", "epoch"):
                with (self.subTest(arguments=arguments, form=form),
                      Server("time_server", "--format", form, *arguments) as server):
                    self.send_as(server.port, server)
                    server.wait_for(b"no answer to 127.0.0.1:%d: it is the answer of a time server\n" % server.port, "stderr")
                    self.assert_goes_no_further(server, 1)

    def test_two_servers_do_not_answer_each_other(self):
        for form in ("ctime", "iso", "epoch"):
            with (self.subTest(form), Server("time_server", "--rate-limit", "0") as one,
                  Server("time_server", "--rate-limit", "0", "--format", form) as other):
                self.send_as(one.port, other)
                one.wait_for(b"no answer to 127.0.0.1:%d: it is the answer of a time server\n" % other.port, "stderr")
                self.assert_goes_no_further(one, 0)
                self.assert_goes_no_further(other, 1)

    def test_a_server_and_one_that_answers_everything_do_not_answer_each_other(self):
        for program in ("time_server.py", "time_socketserver.py"):
            with (self.subTest(program), PythonServer(file_beside(__file__, program)) as other,
                  Server("time_server", "--rate-limit", "0") as server):
                self.send_as(other.port, server)
                server.wait_for(b"no answer to 127.0.0.1:%d: it is the answer of a time server\n" % other.port, "stderr")
                self.assert_goes_no_further(server, 1)

    def test_well_known_ports_get_no_answer(self):
        for port in (1, 7, 53, 1023):
            with self.subTest(port), Server("time_server", "--rate-limit", "0") as server:
                self.send_as(port, server)
                server.wait_for(b"no answer to 127.0.0.1:%d: its port is that of a server\n" % port, "stderr")
                self.assert_goes_no_further(server, 0)

    def test_an_answer_is_no_question_whoever_sends_it(self):
        with Server("time_server", "--rate-limit", "0") as server, Asker(server.port, source="127.0.0.3") as asker:
            for answer in [Clock().times()[0].encode(), b"2026-11-22T21:24:03+01:00\r\n", b"1795378922\n"]:
                asker.send(answer)
            for question in (b"", b"what time is it?", b"Sun Nov 22", b"12:30", b"1" * 100):
                self.assertTrue(asker.ask(question))
            self.assertEqual(server.wait_for(b"answered ", "stderr", 5).count(b"answered "), 5)


if __name__ == "__main__":
    unittest.main()
