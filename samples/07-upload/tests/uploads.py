"""Shared code of the tests of upload_client."""

import os
import pathlib
import shutil
import tempfile
import unittest

from programs import run
from scripted_server import ALREADY_THERE, End, ScriptedServer


class Uploads(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, name, contents=b""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
        return path

    def make_large(self, name, size):
        """Creates a sparse file of zeros."""
        path = self.make(name)
        os.truncate(path, size)
        return path

    def upload(self, server, *arguments, **options):
        return run("upload_client", "--port", str(server.port), *map(str, arguments), cwd=self.folder, **options)

    def assert_all_there(self, ended, *lines):
        self.assertEqual((ended.returncode, ended.stderr.decode()), (0, ""))
        output = ended.stdout.decode().splitlines()
        self.assertCountEqual(output[:-1], lines)
        self.assertRegex(output[-1], rf"^{len(lines)} of {len(lines)} files? (is|are) on the server, .* sent in \d+\.\d+ s, .*/s$")

    def names_sent(self, *arguments, expected, status=0):
        """Returns the offered kinds and names, and the lines on standard error."""
        offered = []

        def talk(session):
            session.greet()
            while not isinstance(message := session.read(), End):
                offered.append((message.kind, message.name))
                session.decide(message, ALREADY_THERE)
            session.send(b"\x05")

        with ScriptedServer(talk) as server:
            ended = self.upload(server, *arguments)
            self.assertEqual(ended.returncode, status, ended.stderr)
        self.assertEqual(sorted(offered), sorted(expected))
        return ended.stderr.decode().splitlines()
