"""An upload_server with a folder of its own, and what is in there."""

import os
import pathlib
import shutil
import tempfile
import unittest

from programs import Server
from upload_peer import Hello, Upload

PART_PREFIX = ".upload-"


class Inbox(Server):
    """To be used in a `with` block, at whose end both are gone."""

    def __init__(self, *arguments, folder=None, **options):
        self._scratch = pathlib.Path(tempfile.mkdtemp(prefix="upload-"))
        self.folder = pathlib.Path(folder or self._scratch / "inbox")
        try:
            super().__init__("upload_server", *arguments, str(self.folder), **options)
        except BaseException:
            shutil.rmtree(self._scratch)
            raise

    def __exit__(self, *exception):
        super().__exit__(*exception)
        shutil.rmtree(self._scratch)

    def files(self):
        """The contents of each finished file, by its name."""
        return {name: path.read_bytes() for name, path in self._walk() if not path.name.startswith(PART_PREFIX)}

    def parts(self):
        """The contents of what is not finished."""
        return [path.read_bytes() for _, path in self._walk() if path.name.startswith(PART_PREFIX)]

    def folders(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_dir())

    def _walk(self):
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(self.folder)), path


class PeerTest(unittest.TestCase):
    """Tests by the client in Python."""

    def connected(self, inbox):
        """A client that has the greetings behind it."""
        peer = Upload("127.0.0.1", inbox.port)
        self.addCleanup(peer.close)
        peer.hello()
        peer.expect(Hello)
        return peer


def random_bytes(size):
    return os.urandom(size)
