"""Much at once, by the real client: many files, large ones, and whole folders."""

import hashlib
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from inboxes import Inbox
from programs import PATIENCE, Program, path_of

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))


def digests(folder):
    """What is in a folder, by another digest than the one that the programs compare."""
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
            status, said, complaints = client.wait(3 * PATIENCE)
        self.assertEqual((status, complaints), (0, b""), said[-2000:])
        return said.decode(), time.monotonic() - began

    def test_ten_thousand_small_files(self):
        count = 1000 if SANITIZED else 10_000
        with tempfile.TemporaryDirectory() as source, Inbox("--quiet") as inbox:
            for i in range(count):
                path = pathlib.Path(source, "all", f"{i // 100}", f"{i}.txt")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(os.urandom(i % 3000))
            said, took = self.upload(inbox, "all", cwd=source)
            self.assertEqual(digests(inbox.folder), digests(source))
            self.assertEqual(inbox.parts(), [])
            again, again_took = self.upload(inbox, "all", cwd=source)
            self.assertEqual(again.count("already there"), count + (again.splitlines()[-1].count("already there")))
            print(f"figures: {count} files stored within {took:.1f} s, found there within {again_took:.1f} s", flush=True)

    @unittest.skipIf(SANITIZED, "it takes its time")
    def test_a_file_of_four_gigabytes(self):
        with tempfile.TemporaryDirectory() as source, Inbox("--quiet") as inbox:
            path = pathlib.Path(source, "sparse")
            with open(path, "wb") as file:
                for at in (0, 2**31 - 2, 2**32 - 3, 2**32 + 12345):  # across what 31 and 32 bits can count
                    file.seek(at)
                    file.write(os.urandom(5))
            _, took = self.upload(inbox, "sparse", cwd=source)
            self.assertEqual(subprocess.run(["cmp", path, inbox.folder / "sparse"]).returncode, 0)
            print(f"figures: {path.stat().st_size} bytes stored within {took:.1f} s", flush=True)

    def test_a_folder_with_all_that_may_be_in_one(self):
        with tempfile.TemporaryDirectory() as source, Inbox("--quiet") as inbox:
            top = pathlib.Path(source, "сад")
            for folder in ("empty", "a/b/c/d", "пустая/папка", "日本"):
                (top / folder).mkdir(parents=True)
            for name, size in (("a/empty", 0), ("a/b/one", 1), ("日本/語.txt", 70_000), ("a/b/c/d/деревья 🌳", 1_500_000),
                               ("x" * 255, 3)):
                (top / name).write_bytes(os.urandom(size))
            (top / "tool").write_bytes(b"#!/bin/sh\n")
            (top / "tool").chmod(0o755)
            self.upload(inbox, "сад", cwd=source)
            self.assertEqual(digests(inbox.folder), digests(source))
            self.assertTrue(os.access(inbox.folder / "сад/tool", os.X_OK))
            self.assertEqual((inbox.folder / "сад/a/empty").stat().st_mode & 0o111, 0)


if __name__ == "__main__":
    unittest.main()
