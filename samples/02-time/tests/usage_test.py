"""Usage errors and failures of time_server and time_client: one line on standard error, and the exit status."""

import unittest

from programs import Server, run
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("time_server", "time_client")

    def test_a_usage_error_is_reported_with_status_2(self):
        self.assert_wrong(
            (["time_server", "--speed"], "unexpected argument --speed"),
            (["time_server", "extra"], "unexpected argument extra"),
            (["time_server", "--host", "example.org"], '--host: "example.org" is neither a numeric address nor localhost'),
            (["time_server", "--port", "65536"], '--port: "65536" is not an integer from 0 to 65535'),
            (["time_server", "--max-connections", "0"], '--max-connections: "0" is not an integer from 1 to 1000000'),
            (["time_server", "--idle-timeout", "soon"], '--idle-timeout: "soon" is not a number of seconds'),
            (["time_server", "--format", "rfc3339"], '--format: "rfc3339" is not one of ctime, iso, epoch'),
            (["time_server", "--format", ""], '--format: "" is not one of ctime, iso, epoch'),
            (["time_server", "--rate-limit", "-1"], '--rate-limit: "-1" is not an integer from 0 to 1000000'),
            (["time_server", "--rate-limit", "0.5"], '--rate-limit: "0.5" is not an integer from 0 to 1000000'),
            (["time_client", "extra"], "unexpected argument extra"),
            (["time_client", "--port", "0"], '--port: "0" is not an integer from 1 to 65535'),
            (["time_client", "--host", ""], "--host: the host must not be empty"),
            (["time_client", "--timeout", "0"], '--timeout: "0" is less than the minimum of 0.001 seconds'),
            (["time_client", "--timeout", "1s"], '--timeout: "1s" is not a number of seconds'),
            (["time_client", "--tries", "0"], '--tries: "0" is not an integer from 1 to 1000000'),
            (["time_client", "--count", "0"], '--count: "0" is not an integer from 1 to 1000000000'),
        )

    def test_a_port_in_use_is_reported(self):
        for others in ("1", "2"):
            with Server("time_server", "--threads", others) as server:
                for threads in ("1", "2"):
                    ended = run("time_server", "--port", str(server.port), "--threads", threads)
                    self.assert_ends(ended, 1, f"time_server: bind 127.0.0.1:{server.port}: address already in use")

    def test_an_address_of_another_machine_is_reported(self):
        ended = run("time_server", "--host", "192.0.2.1", "--port", "0")  # RFC 5737: reserved for documentation
        self.assert_ends(ended, 1, "time_server: bind 192.0.2.1:0: cannot assign requested address")

    def test_an_unknown_host_is_reported(self):
        self.assert_unknown_host("time_client")


if __name__ == "__main__":
    unittest.main()
