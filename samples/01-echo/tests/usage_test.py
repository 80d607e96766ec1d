"""Usage errors and failures of echo_server and echo_client: one line on standard error, and the exit status."""

import ctypes
import os
import pathlib
import socket
import subprocess
import unittest

from programs import Server, file_beside, run
from usage import UsageTestCase

BOOK = str(file_beside(__file__, "book.txt"))
PR_CAPBSET_DROP = 24
CAP_NET_BIND_SERVICE = 10


def drop_cap_net_bind_service():
    """preexec_fn: drops the capability that lets root listen on ports below 1024."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class Usage(UsageTestCase):
    def test_help_and_version_go_to_standard_output(self):
        self.assert_help_and_version("echo_server", "echo_client")

    def test_a_usage_error_is_reported_with_status_2(self):
        self.assert_wrong(
            (["echo_server", "--speed"], "unexpected argument --speed"),
            (["echo_server", "extra"], "unexpected argument extra"),
            (["echo_server", "--host", "300.1.1.1"], '--host: "300.1.1.1" is neither a numeric address nor localhost'),
            (["echo_server", "--host", "example.org"], '--host: "example.org" is neither a numeric address nor localhost'),
            (["echo_server", "--port", "65536"], '--port: "65536" is not an integer from 0 to 65535'),
            (["echo_server", "--port", "http"], '--port: "http" is not an integer from 0 to 65535'),
            (["echo_server", "--threads", "0"], '--threads: "0" is not an integer from 1 to 1024'),
            (["echo_server", "--max-connections-per-peer", "some"],
             '--max-connections-per-peer: "some" is not an integer from 0 to 1000000'),
            (["echo_server", "--idle-timeout", "-1"], '--idle-timeout: "-1" is not a number of seconds'),
            (["echo_server", "--drain", "nan"], '--drain: "nan" is not a number of seconds'),
            (["echo_client"], "FILE is required"),
            (["echo_client", BOOK, BOOK], f"unexpected argument {BOOK}"),
            (["echo_client", BOOK, "--port", "0"], '--port: "0" is not an integer from 1 to 65535'),
            (["echo_client", BOOK, "--delay", "2s"], '--delay: "2s" is not a number of seconds'),
            (["echo_client", BOOK, "--host", ""], "--host: the host must not be empty"),
        )

    def test_a_port_in_use_is_reported(self):
        with Server("echo_server") as server:
            for threads in ("1", "2"):
                ended = run("echo_server", "--port", str(server.port), "--threads", threads)
                self.assert_ends(ended, 1, f"echo_server: listen on 127.0.0.1:{server.port}: address already in use")

    def test_a_port_in_use_by_a_server_with_several_threads_is_reported(self):
        with Server("echo_server", "--threads", "2") as server:
            ended = run("echo_server", "--port", str(server.port), "--threads", "2")
            self.assert_ends(ended, 1, f"echo_server: listen on 127.0.0.1:{server.port}: address already in use")

    def test_a_missing_permission_for_the_port_is_reported(self):
        first_free = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        if first_free.exists() and int(first_free.read_text()) <= 1:
            self.skipTest("on this machine, every user may listen on every port")
        try:
            ended = run("echo_server", "--port", "1", preexec_fn=drop_cap_net_bind_service)
        except subprocess.SubprocessError:
            self.skipTest("cannot drop CAP_NET_BIND_SERVICE")
        self.assert_ends(ended, 1, "echo_server: listen on 127.0.0.1:1: permission denied")

    def test_an_address_of_another_machine_is_reported(self):
        ended = run("echo_server", "--host", "192.0.2.1", "--port", "0")  # RFC 5737: reserved for documentation
        self.assert_ends(ended, 1, "echo_server: listen on 192.0.2.1:0: cannot assign requested address")

    def test_an_unknown_host_is_reported(self):
        self.assert_unknown_host("echo_client", BOOK)

    def test_a_refused_connection_is_reported(self):
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))  # keeps the port from being used by another program
            port = bound.getsockname()[1]
            ended = run("echo_client", "--port", str(port), BOOK)
            self.assert_ends(ended, 1, f"echo_client: connect to 127.0.0.1:{port}: connection refused")

    def test_a_file_that_cannot_be_read_is_reported(self):
        ended = run("echo_client", "/nowhere/book.txt")
        self.assert_ends(ended, 1, "echo_client: open /nowhere/book.txt: no such file or directory")
        with Server("echo_server") as server:
            ended = run("echo_client", "--port", str(server.port), "/")
            self.assert_ends(ended, 1, "echo_client: read /: is a directory")


if __name__ == "__main__":
    unittest.main()
