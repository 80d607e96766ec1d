"""time_client with server names that have several addresses, or a single IPv4 or IPv6 address."""

import contextlib
import errno
import os
import socket
import subprocess
import tempfile
import unittest

from programs import TIMEOUT, Server, path_of

HOSTS = b"127.0.0.1 four.test both.test\n::1 six.test both.test\n127.0.0.2 twice.test\n127.0.0.3 twice.test\n"
ADDRESSES = {"four.test": ["127.0.0.1"], "six.test": ["::1"], "both.test": ["127.0.0.1", "::1"],
             "twice.test": ["127.0.0.2", "127.0.0.3"]}


def name_of(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@contextlib.contextmanager
def silent_or_refusing(address, port, refuses):
    """Binds a socket that does not answer, or whose datagrams the kernel refuses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as bound:
        bound.bind((address, port))
        if refuses:
            bound.connect((address, 1))  # from now on the kernel refuses datagrams from other addresses
        yield bound.getsockname()[1]


class Names(unittest.TestCase):
    def setUp(self):
        self._hosts = tempfile.NamedTemporaryFile()
        self.addCleanup(self._hosts.close)
        self._hosts.write(HOSTS)
        self._hosts.flush()
        os.chmod(self._hosts.name, 0o644)
        if self.run_with_names("true").returncode != 0:
            self.skipTest("mount namespaces are not available; the test needs its own /etc/hosts")

    def run_with_names(self, *command):
        options = [] if os.geteuid() == 0 else ["--map-root-user"]
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return subprocess.run(["unshare", "--mount", *options, "sh", "-c", script, self._hosts.name, *command],
                              capture_output=True, timeout=TIMEOUT)

    def client(self, name, port, *arguments):
        return self.run_with_names(path_of("time_client"), "--host", name, "--port", str(port), *arguments)

    def names(self):
        """Returns the names whose addresses this machine has."""
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
            return ADDRESSES
        except OSError:
            return {name: addresses for name, addresses in ADDRESSES.items() if "::1" not in addresses}

    def try_each(self, refuses):
        """For each address of each name, runs a server at that address and none at the others."""
        for name, addresses in self.names().items():
            for address in addresses:
                with (self.subTest(name=name, address=address), Server("time_server", "--host", address) as server,
                      contextlib.ExitStack() as others):
                    try:
                        for other in set(addresses) - {address}:
                            others.enter_context(silent_or_refusing(other, server.port, refuses))
                    except OSError as e:
                        if e.errno != errno.EADDRINUSE:
                            raise
                        continue  # another program uses the port
                    ended = self.client(name, server.port, "--timeout", str(TIMEOUT) if refuses else "1")
                    self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                    self.assertEqual(ended.stdout.count(b"\n"), 1)

    def test_the_client_finds_the_server_when_the_other_addresses_refuse(self):
        self.try_each(refuses=True)

    def test_the_client_finds_the_server_when_the_other_addresses_do_not_answer(self):
        self.try_each(refuses=False)

    def test_the_client_lists_all_addresses_that_it_tried(self):
        for name, addresses in self.names().items():
            for refuses in (True, False):
                with self.subTest(name=name, refuses=refuses), contextlib.ExitStack() as all:
                    port = all.enter_context(silent_or_refusing(addresses[0], 0, refuses))
                    try:
                        for each in addresses[1:]:
                            all.enter_context(silent_or_refusing(each, port, refuses))
                    except OSError as e:
                        if e.errno != errno.EADDRINUSE:
                            raise
                        continue  # another program uses the port
                    ended = self.client(name, port, "--timeout", "0.2", "--tries", "2")
                    self.assertEqual((ended.returncode, ended.stdout), (1, b""))
                    text = ended.stderr.decode()
                    self.assertTrue(text.startswith("time_client: no answer from "), text)
                    self.assertTrue(text.endswith(" after 2 tries of 0.2 s\n"), text)
                    for each in addresses:
                        self.assertIn(name_of(each, port) + (" (connection refused)" if refuses else ""), text)
                    self.assertEqual("refused" in text, refuses)


if __name__ == "__main__":
    unittest.main()
