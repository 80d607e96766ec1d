"""Usage errors and failures of line_server: one line on standard error, and the exit status."""

import unittest

from programs import Server, run
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("line_server")

    def test_a_usage_error_is_reported_with_status_2(self):
        self.assert_wrong(
            (["line_server", "extra"], "unexpected argument extra"),
            (["line_server", "--line-timeout", "0"], '--line-timeout: "0" is less than the minimum of 0.001 seconds'),
            (["line_server", "--max-line", "0"], '--max-line: "0" is not an integer from 1 to 1073741824'),
            (["line_server", "--max-line", "64k"], '--max-line: "64k" is not an integer from 1 to 1073741824'),
            (["line_server", "--max-line", "-1"], '--max-line: "-1" is not an integer from 1 to 1073741824'),
        )

    def test_a_port_in_use_is_reported(self):
        with Server("line_server") as server:
            ended = run("line_server", "--port", str(server.port))
            self.assert_ends(ended, 1, f"line_server: listen on 127.0.0.1:{server.port}: address already in use")


if __name__ == "__main__":
    unittest.main()
