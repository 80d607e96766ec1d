"""Usage errors and failures of frame_server and frame_client: one line on standard error, and the exit status."""

import socket
import unittest

from programs import Server, run
from usage import UsageTestCase

PREFIXES = "u8, u16-be, u16-le, u32-be, u32-le, u64-be, u64-le, varint"


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("frame_server", "frame_client")

    def test_a_usage_error_is_reported_with_status_2(self):
        self.assert_wrong(
            (["frame_server", "extra"], "unexpected argument extra"),
            (["frame_server", "--message-timeout", "0"], '--message-timeout: "0" is less than the minimum of 0.001 seconds'),
            (["frame_server", "--prefix", "u32"], f'--prefix: "u32" is not one of {PREFIXES}'),
            (["frame_server", "--max-frame", "0"], '--max-frame: "0" is not an integer from 1 to 1073741824'),
            (["frame_server", "--max-frame", "1M"], '--max-frame: "1M" is not an integer from 1 to 1073741824'),
            (["frame_client"], "MESSAGE is required"),
            (["frame_client", "hello", "--prefix", "int"], f'--prefix: "int" is not one of {PREFIXES}'),
            (["frame_client", "hello", "--count", "0"], '--count: "0" is not an integer from 1 to 1000000000'),
            (["frame_client", "hello", "--port", "0"], '--port: "0" is not an integer from 1 to 65535'),
        )

    def test_a_port_in_use_is_reported(self):
        with Server("frame_server") as server:
            ended = run("frame_server", "--port", str(server.port))
            self.assert_ends(ended, 1, f"frame_server: listen on 127.0.0.1:{server.port}: address already in use")

    def test_an_unknown_host_is_reported(self):
        self.assert_unknown_host("frame_client", "hello")

    def test_a_refused_connection_is_reported(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # keeps the port from being used by another program
            port = bound.getsockname()[1]
            ended = run("frame_client", "--port", str(port), "hello")
            self.assert_ends(ended, 1, f"frame_client: connect to 127.0.0.1:{port}: connection refused")

    def test_a_message_longer_than_the_maximum_is_not_sent(self):
        for options in (["--max-frame", "4"], ["--prefix", "u8", "x" * 256]):
            with Server("frame_server") as server:
                ended = run("frame_client", "--quiet", "--port", str(server.port), *options, "hello")
                limit = 4 if options[0] == "--max-frame" else 255
                self.assert_ends(ended, 1, f"frame_client: write a frame to 127.0.0.1:{server.port}: longer than the "
                                           f"{limit} bytes allowed")


if __name__ == "__main__":
    unittest.main()
