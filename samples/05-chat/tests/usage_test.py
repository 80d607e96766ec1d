"""Usage errors and failures of chat_server and chat_client: one line on standard error, and the exit status."""

import socket
import unittest

from programs import Server, run
from usage import UsageTestCase


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("chat_server", "chat_client")

    def test_a_usage_error_is_reported_with_status_2(self):
        not_a_name = "is not a valid name: 1 to 20 letters, digits, - and _"
        self.assert_wrong(
            (["chat_server", "--speed"], "unexpected argument --speed"),
            (["chat_server", "extra"], "unexpected argument extra"),
            (["chat_server", "--host", "example.org"], '--host: "example.org" is neither a numeric address nor localhost'),
            (["chat_server", "--port", "65536"], '--port: "65536" is not an integer from 0 to 65535'),
            (["chat_server", "--queue", "3"], '--queue: "3" is not an integer from 4 to 100000'),
            (["chat_server", "--queue-size", "10k"], '--queue-size: "10k" is less than the minimum of 16384 bytes'),
            (["chat_server", "--line-timeout", "0"], '--line-timeout: "0" is less than the minimum of 0.001 seconds'),
            (["chat_server", "--name-timeout", "never"], '--name-timeout: "never" is not a number of seconds'),
            (["chat_server", "--history", "many"], '--history: "many" is not an integer from 0 to 50000'),
            (["chat_server", "--rate", "-1"], '--rate: "-1" is not an integer from 0 to 1000000'),
            (["chat_server", "--write-timeout", "0"], '--write-timeout: "0" is less than the minimum of 0.001 seconds'),
            (["chat_client"], "NICK is required"),
            (["chat_client", "alice", "bob"], "unexpected argument bob"),
            (["chat_client", "two words"], f'NICK: "two words" {not_a_name}'),
            (["chat_client", "alice", "--room", "*"], f'--room: "*" {not_a_name}'),
            (["chat_client", "alice", "--port", "0"], '--port: "0" is not an integer from 1 to 65535'),
            (["chat_client", "alice", "--host", ""], "--host: the host must not be empty"),
        )

    def test_the_threads_option_is_accepted_and_has_no_effect(self):
        with Server("chat_server", "--threads", "4") as server:
            self.assertRegex(server.greeting, r"^listening on 127\.0\.0\.1:[1-9][0-9]*$")
        self.assertRegex(run("chat_server", "--help").stdout.decode(), r"--threads [^\n]*\n?[^\n]*no effect")

    def test_a_port_in_use_is_reported(self):
        with Server("chat_server") as server:
            ended = run("chat_server", "--port", str(server.port))
            self.assert_ends(ended, 1, f"chat_server: listen on 127.0.0.1:{server.port}: address already in use")

    def test_an_unknown_host_is_reported(self):
        self.assert_unknown_host("chat_client", "alice")

    def test_a_refused_connection_is_reported(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # keeps the port from being used by another program
            port = bound.getsockname()[1]
            ended = run("chat_client", "--port", str(port), "alice")
            self.assert_ends(ended, 1, f"chat_client: connect to 127.0.0.1:{port}: connection refused")


if __name__ == "__main__":
    unittest.main()
