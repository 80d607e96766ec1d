"""Assertions for the tests of the programs' command lines."""

import unittest

from programs import run


class UsageTestCase(unittest.TestCase):
    def assert_ends(self, ended, status, line):
        self.assertEqual((ended.returncode, ended.stderr.decode(), ended.stdout), (status, line + "\n", b""))

    def assert_help_and_version(self, *programs):
        """Asserts that --help and --version print to standard output and exit with status 0."""
        for program in programs:
            for option, expected in (("--help", f"{program} [OPTIONS]"), ("--version", f"{program} (strait) ")):
                ended = run(program, option)
                self.assertEqual((ended.returncode, ended.stderr), (0, b""))
                self.assertIn(expected, ended.stdout.decode())

    def assert_wrong(self, *usages):
        """Asserts exit status 2 and an error message for each pair of a command line and the expected reason."""
        for command, reason in usages:
            with self.subTest(" ".join(command)):
                self.assert_ends(run(*command), 2, f"{command[0]}: {reason} (see --help)")

    def assert_unknown_host(self, program, *arguments):
        ended = run(program, "--host", "no-such-host.invalid", *arguments)  # RFC 2606: never resolves
        self.assertEqual((ended.returncode, ended.stdout), (1, b""))
        self.assertRegex(ended.stderr.decode(), rf"^{program}: resolve no-such-host\.invalid:5000: host not found.*\n$")
