"""Usage errors and failures of tcp_proxy: one line on standard error, and the exit status."""

import unittest

from programs import Server, run
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("tcp_proxy")

    def test_a_usage_error_is_reported_with_status_2(self):
        bad = ("localhost", "localhost:", ":80", "localhost:http", "localhost:0", "localhost:65536", "localhost:80x",
               "::1:80", "[::1]", "[]:80", "[::1:80", "localhost:-1", "")
        self.assert_wrong(
            (["tcp_proxy"], "UPSTREAM is required"),
            (["tcp_proxy", "localhost:80", "localhost:81"], "unexpected argument localhost:81"),
            (["tcp_proxy", "localhost:80", "--connect-timeout", "0"],
             '--connect-timeout: "0" is less than the minimum of 0.001 seconds'),
            *((["tcp_proxy", upstream], f'UPSTREAM: "{upstream}" is not HOST:PORT or [IPV6-ADDRESS]:PORT') for upstream in bad),
        )

    def test_a_port_in_use_is_reported(self):
        with Server("tcp_proxy", "localhost:80") as proxy:
            ended = run("tcp_proxy", "localhost:80", "--port", str(proxy.port))
            self.assert_ends(ended, 1, f"tcp_proxy: listen on 127.0.0.1:{proxy.port}: address already in use")


if __name__ == "__main__":
    unittest.main()
