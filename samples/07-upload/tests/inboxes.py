"""An upload_server with a temporary folder, and access to the files in it."""

import os
import pathlib
import shutil
import tempfile
import unittest

from programs import Server
from upload_peer import Hello, Upload

PART_PREFIX = ".upload-"


class Inbox(Server):
    """For use in a `with` block; the server and the folder are removed at its end."""

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
        """Returns the contents of each complete file by its name."""
        return {name: path.read_bytes() for name, path in self._walk() if not path.name.startswith(PART_PREFIX)}

    def parts(self):
        """Returns the contents of the parts of incomplete files."""
        return [path.read_bytes() for _, path in self._walk() if path.name.startswith(PART_PREFIX)]

    def folders(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_dir())

    def _walk(self):
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield str(path.relative_to(self.folder)), path


class PeerTest(unittest.TestCase):
    """Base of the tests that use the Python client."""

    def connected(self, inbox):
        """Returns a client that has exchanged greetings with the server."""
        peer = Upload("127.0.0.1", inbox.port)
        self.addCleanup(peer.close)
        peer.hello()
        peer.expect(Hello)
        return peer


def random_bytes(size):
    return os.urandom(size)
