"""Uploads of many files and of large files."""

import hashlib
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from inboxes import Inbox
from programs import TIMEOUT, Program, path_of

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))


def digests(folder):
    """Returns the digests of the files in a folder, computed with another algorithm than the programs use."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir():
            found[name] = "folder"
        else:
            with open(path, "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


class Bulk(unittest.TestCase):
    def upload(self, inbox, *arguments, cwd):
        began = time.monotonic()
        with Program(path_of("upload_client"), "--port", str(inbox.port), *arguments, cwd=cwd) as client:
            status, output, errors = client.wait(3 * TIMEOUT)
        self.assertEqual((status, errors), (0, b""), output[-2000:])
        return output.decode(), time.monotonic() - began

    def test_ten_thousand_small_files_are_uploaded(self):
        count = 1000 if SANITIZED else 10_000
        with tempfile.TemporaryDirectory() as source, Inbox("--quiet") as inbox:
            for i in range(count):
                path = pathlib.Path(source, "all", f"{i // 100}", f"{i}.txt")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(os.urandom(i % 3000))
            output, took = self.upload(inbox, "all", cwd=source)
            self.assertEqual(digests(inbox.folder), digests(source))
            self.assertEqual(inbox.parts(), [])
            again, again_took = self.upload(inbox, "all", cwd=source)
            self.assertEqual(again.count("already there"), count + (again.splitlines()[-1].count("already there")))
            print(f"figures: {count} files stored within {took:.1f} s, found there within {again_took:.1f} s", flush=True)

    @unittest.skipIf(SANITIZED, "it takes its time")
    def test_a_file_of_more_than_four_gigabytes_is_uploaded(self):
        with tempfile.TemporaryDirectory() as source, Inbox("--quiet") as inbox:
            path = pathlib.Path(source, "sparse")
            with open(path, "wb") as file:
                for at in (0, 2**31 - 2, 2**32 - 3, 2**32 + 12345):  # around the limits of 31 and 32 bits
                    file.seek(at)
                    file.write(os.urandom(5))
            _, took = self.upload(inbox, "sparse", cwd=source)
            self.assertEqual(subprocess.run(["cmp", path, inbox.folder / "sparse"]).returncode, 0)
            print(f"figures: {path.stat().st_size} bytes stored within {took:.1f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
