"""upload_server, tested with a client that was written from the protocol's document."""

import os
import pathlib
import signal
import stat
import tempfile
import unittest

import upload_peer
from inboxes import Inbox, random_bytes
from upload_peer import End, Hello, Upload, Verdict, Want, digest_of


class Taking(unittest.TestCase):
    """Files that the server stores."""

    def upload(self, inbox, files):
        """Uploads files, given as name: contents."""
        with tempfile.TemporaryDirectory() as scratch:
            paths = []
            for i, (name, contents) in enumerate(files.items()):
                path = pathlib.Path(scratch, str(i))
                path.write_bytes(contents)
                paths.append((name, str(path)))
            return upload_peer.upload("127.0.0.1", inbox.port, paths)

    def test_files_are_stored_unchanged(self):
        files = {"empty": b"", "one": b"1", "64k": random_bytes(65536), "large": random_bytes(3_000_001)}
        with Inbox() as inbox:
            results = self.upload(inbox, files)
            self.assertEqual({code for code, _ in results.values()}, {upload_peer.STORED})
            self.assertEqual(inbox.files(), files)
            self.assertEqual(inbox.parts(), [])

    def test_the_server_stores_names_in_any_script(self):
        names = ["plain.txt", "с пробелом.txt", "日本語/ファイル.txt", "العربية.txt", "हिन्दी.txt", "emoji 🦊.txt",
                 "e\u0301 and \u00e9.txt", "\u00e9.txt", "-rf", "a\\b", "quote\"'.txt", " ", "...", ".hidden", "x" * 255,
                 "/".join(["d" * 200] * 15)]
        files = {name: name.encode() for name in names}
        with Inbox() as inbox:
            results = self.upload(inbox, files)
            self.assertEqual({code for code, _ in results.values()}, {upload_peer.STORED}, results)
            self.assertEqual(inbox.files(), files)

    def test_folders_are_created_including_empty_ones(self):
        with Inbox() as inbox, Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            peer.offer(1, "a/b/c", 0, bytes(16), upload_peer.DIRECTORY)
            self.assertEqual(peer.expect(Verdict)[:2], (1, upload_peer.STORED))
            peer.offer(2, "a/b/c", 0, bytes(16), upload_peer.DIRECTORY)
            self.assertEqual(peer.expect(Verdict)[:2], (2, upload_peer.ALREADY_THERE))
            peer.end()
            peer.expect(End)
            self.assertEqual(inbox.folders(), ["a", "a/b", "a/b/c"])

    def test_the_executable_bit_is_kept(self):
        with Inbox(umask=0o022) as inbox, Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            for id, (name, kind) in enumerate([("tool", upload_peer.EXECUTABLE), ("text", upload_peer.FILE)]):
                peer.offer_content(id, name, b"#!", kind)
                peer.expect(Want)
                peer.data(id, 0, b"#!")
                peer.expect(Verdict)
            modes = [stat.S_IMODE((inbox.folder / name).stat().st_mode) for name in ("tool", "text")]
            self.assertEqual(modes, [0o755, 0o644])

    def test_the_same_file_gets_the_verdict_already_there(self):
        with Inbox() as inbox:
            self.upload(inbox, {"a": b"contents"})
            self.assertEqual(self.upload(inbox, {"a": b"contents"}), {"a": (upload_peer.ALREADY_THERE, "8 bytes")})

    def test_the_server_logs_each_file_with_its_client(self):
        with Inbox() as inbox:
            self.upload(inbox, {"дом\\.txt": b"12345"})
            output = inbox.wait_for(b"disconnected\n", "stderr").decode()
            self.assertRegex(output, r"127\.0\.0\.1:\d+ дом\\\.txt: stored, 5 bytes\n")

    def test_a_quiet_server_does_not_log_files(self):
        with Inbox("--quiet") as inbox:
            self.upload(inbox, {"a": b"12345"})
            inbox.send_signal(signal.SIGTERM)
            self.assertEqual(inbox.wait()[::2], (0, b""))

    def test_several_threads_share_a_folder(self):
        with Inbox("--threads", "3") as inbox:
            files = {f"{i}": random_bytes(1000) for i in range(30)}
            for name, contents in files.items():
                self.upload(inbox, {name: contents})
            self.assertEqual(inbox.files(), files)

ENTRY_SIZE = 4096  # counts towards the quota for each file and folder, in addition to its contents


class Rules(unittest.TestCase):
    """Files that the server refuses."""

    def offer(self, inbox, name, contents, kind=upload_peer.FILE):
        """Offers one file on a new connection; returns the verdict."""
        with Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            peer.offer_content(1, name, contents, kind)
            answer = peer.next()
            if isinstance(answer, Want):
                if answer.offset != len(contents):
                    peer.data(1, answer.offset, contents[answer.offset:])
                answer = peer.expect(Verdict)
            peer.end()
            peer.expect(End)
            return answer.code, answer.text

    def test_another_file_with_the_same_name_is_refused(self):
        with Inbox() as inbox:
            self.offer(inbox, "a", b"first")
            self.assertEqual(self.offer(inbox, "a", b"other"), (upload_peer.EXISTS, "another file with this name exists"))
            self.assertEqual(inbox.files(), {"a": b"first"})

    def test_overwrite_same_size_replaces_only_files_of_the_same_size(self):
        with Inbox("--overwrite", "same-size") as inbox:
            self.offer(inbox, "a", b"first")
            self.assertEqual(self.offer(inbox, "a", b"longer one"),
                             (upload_peer.EXISTS, "a file with this name and another size, 5 bytes, exists"))
            self.assertEqual(self.offer(inbox, "a", b"other")[0], upload_peer.STORED)
            self.assertEqual(inbox.files(), {"a": b"other"})

    def test_overwrite_always_replaces_any_file(self):
        with Inbox("--overwrite", "always") as inbox:
            self.offer(inbox, "a", b"first")
            self.assertEqual(self.offer(inbox, "a", b"longer one")[0], upload_peer.STORED)
            self.assertEqual(inbox.files(), {"a": b"longer one"})

    def test_a_folder_is_never_replaced(self):
        with Inbox("--overwrite", "always") as inbox:
            (inbox.folder / "a").mkdir()
            (inbox.folder / "file").write_bytes(b"x")
            self.assertEqual(self.offer(inbox, "a", b"1"), (upload_peer.EXISTS, "a folder with this name exists"))
            self.assertEqual(self.offer(inbox, "file/a", b"1"),
                             (upload_peer.EXISTS, "a part of the path is a file or a symbolic link"))

    def test_a_file_larger_than_max_file_size_is_refused(self):
        with Inbox("--max-file-size", "1k") as inbox:
            self.assertEqual(self.offer(inbox, "a", bytes(1024))[0], upload_peer.STORED)
            self.assertEqual(self.offer(inbox, "b", bytes(1025)),
                             (upload_peer.TOO_LARGE, "1025 bytes exceed the limit of 1024 bytes"))

    def test_a_file_that_exceeds_the_quota_is_refused(self):
        with Inbox("--quota", str(1000 + 3 * ENTRY_SIZE)) as inbox:
            self.assertEqual(self.offer(inbox, "a", bytes(600))[0], upload_peer.STORED)
            self.assertEqual(self.offer(inbox, "b", bytes(401 + ENTRY_SIZE)),
                             (upload_peer.TOO_LARGE, f"the quota of {1000 + 3 * ENTRY_SIZE} bytes would be exceeded"))
            self.assertEqual(inbox.parts(), [])
            self.assertEqual(self.offer(inbox, "c", bytes(400 + ENTRY_SIZE))[0], upload_peer.STORED)
            self.assertEqual(self.offer(inbox, "d", b"1")[0], upload_peer.TOO_LARGE)
            self.assertEqual(self.offer(inbox, "d", b"")[0], upload_peer.TOO_LARGE)

    def test_the_quota_counts_stored_files_and_files_being_received(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "old").write_bytes(bytes(500))
            with Inbox("--quota", str(1000 + 3 * ENTRY_SIZE), folder=folder) as inbox, Upload("127.0.0.1", inbox.port) as peer:
                peer.hello()
                peer.expect(Hello)
                peer.offer_content(1, "a", bytes(300))
                peer.expect(Want)
                self.assertEqual(self.offer(inbox, "b", bytes(201))[0], upload_peer.TOO_LARGE)
                peer.withdraw(1)
                peer.offer_content(2, "c", bytes(500))  # the reserved space of the first file is free again
                peer.expect(Want)

    def test_the_quota_is_released_when_a_file_is_replaced_or_wrong(self):
        with Inbox("--quota", str(1000 + 2 * ENTRY_SIZE), "--overwrite", "always") as inbox:
            for i in range(5):
                self.assertEqual(self.offer(inbox, "a", bytes([i]) * 400)[0], upload_peer.STORED)
            for i in range(3):
                with Upload("127.0.0.1", inbox.port) as peer:
                    peer.hello()
                    peer.expect(Hello)
                    peer.offer(1, "b", 500, digest_of(b"something else"))
                    peer.expect(Want)
                    peer.data(1, 0, bytes(500))
                    self.assertEqual(peer.expect(Verdict).code, upload_peer.WRONG_CONTENTS)
            self.assertEqual(self.offer(inbox, "c", bytes(600))[0], upload_peer.STORED)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_without_write_permission_is_reported(self):
        with Inbox() as inbox:
            (inbox.folder / "closed").mkdir(0o500)
            self.assertEqual(self.offer(inbox, "closed/a", b"1"),
                             (upload_peer.CANNOT_STORE, "the file cannot be stored: permission denied"))

    def test_fault_34_names_that_leave_the_folder_are_refused_and_the_connection_stays_open(self):
        names = ["../a", "a/../../b", "/etc/passwd", "a//b", "a/", "", ".", "..", "a/./b", "x" * 256, "a\0b", "a\nb",
                 "\x1b[2J", "\x7f", "\u0085", b"\xff\xfe", b"\xc0\xae\xc0\xae/a", ".upload-mine", "d/.upload-0123",
                 "a/" * 2000 + "b"]
        with Inbox() as inbox, Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            for id, name in enumerate(names):
                peer.offer(id, name, 1, digest_of(b"1"))
                answer = peer.expect(Verdict)
                self.assertEqual(answer[:2], (id, upload_peer.BAD_NAME), name)
                self.assertNotEqual(answer.text, "")
            peer.offer_content(1000, "good", b"1")
            peer.expect(Want)
            peer.data(1000, 0, b"1")
            self.assertEqual(peer.expect(Verdict).code, upload_peer.STORED)
            self.assertEqual(inbox.files(), {"good": b"1"})
            self.assertEqual(sorted(path.name for path in inbox.folder.parent.iterdir()), ["inbox"])

    def test_fault_34_symbolic_links_are_not_followed(self):
        with tempfile.TemporaryDirectory() as outside, Inbox("--overwrite", "always") as inbox:
            target = pathlib.Path(outside, "target")
            target.write_bytes(b"precious")
            (inbox.folder / "folder").symlink_to(outside)
            (inbox.folder / "file").symlink_to(target)
            (inbox.folder / "dangling").symlink_to(pathlib.Path(outside, "new"))
            for name in ("folder/new", "folder/target", "file", "dangling"):
                self.assertEqual(self.offer(inbox, name, b"bad")[0], upload_peer.EXISTS, name)
            self.assertEqual(os.listdir(outside), ["target"])
            self.assertEqual(target.read_bytes(), b"precious")


class Parts(unittest.TestCase):
    """Parts of incomplete files, and how uploads are resumed."""

    def begin(self, inbox, name, contents, count):
        """Sends the first `count` bytes and resets the connection when the server has received them."""
        with Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            peer.offer_content(1, name, contents)
            want = peer.expect(Want)
            peer.data(1, want.offset, contents[want.offset:count])
            peer.offer(2, "..", 0, bytes(16))
            peer.expect(Verdict)  # the server has handled all earlier messages
        return want.offset

    def resume(self, inbox, name, contents):
        with Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            peer.offer_content(1, name, contents)
            want = peer.expect(Want)
            if want.offset != len(contents):
                peer.data(1, want.offset, contents[want.offset:])
            return want.offset, peer.expect(Verdict).code

    def test_an_interrupted_upload_is_resumed(self):
        contents = random_bytes(500_000)
        with Inbox() as inbox:
            self.assertEqual(self.begin(inbox, "a/b", contents, 200_000), 0)
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [contents[:200_000]]))
            self.assertEqual(self.begin(inbox, "a/b", contents, 300_000), 200_000)
            self.assertEqual(self.resume(inbox, "a/b", contents), (300_000, upload_peer.STORED))
            self.assertEqual((inbox.files(), inbox.parts()), ({"a/b": contents}, []))

    def test_an_upload_is_resumed_after_a_restart_of_the_server(self):
        contents = random_bytes(100_000)
        with tempfile.TemporaryDirectory() as folder:
            with Inbox(folder=folder) as inbox:
                self.begin(inbox, "a", contents, 60_000)
                inbox.kill()
            with Inbox(folder=folder) as inbox:
                self.assertEqual(self.resume(inbox, "a", contents), (60_000, upload_peer.STORED))
                self.assertEqual(inbox.files(), {"a": contents})

    def test_another_file_with_the_same_name_starts_from_the_beginning(self):
        with Inbox() as inbox:
            self.begin(inbox, "a", b"1" * 1000, 500)
            self.assertEqual(self.resume(inbox, "a", b"2" * 1000), (0, upload_peer.STORED))
            self.assertEqual(inbox.parts(), [b"1" * 500])

    def test_a_corrupted_part_is_discarded(self):
        contents = random_bytes(1000)
        with Inbox() as inbox:
            self.begin(inbox, "a", contents, 500)
            part, = inbox.folder.glob(".upload-*")
            part.write_bytes(bytes(500))
            self.assertEqual(self.resume(inbox, "a", contents), (500, upload_peer.WRONG_CONTENTS))
            self.assertEqual((inbox.files(), inbox.parts()), ({}, []))
            self.assertEqual(self.resume(inbox, "a", contents), (0, upload_peer.STORED))

    def test_a_complete_part_needs_no_data(self):
        contents = random_bytes(1000)
        with Inbox() as inbox:
            self.begin(inbox, "a", contents, 999)
            part, = inbox.folder.glob(".upload-*")
            part.write_bytes(contents)
            self.assertEqual(self.resume(inbox, "a", contents), (1000, upload_peer.STORED))

    def test_old_parts_are_removed_when_the_server_starts_and_recent_ones_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            with Inbox(folder=folder) as inbox:
                for name in ("old", "deep/old", "young"):
                    self.begin(inbox, name, name.encode() * 100, 50)
            ages = sorted(pathlib.Path(folder).rglob(".upload-*"), key=lambda path: path.read_bytes()[:1])
            for path in ages[:2]:
                os.utime(path, (0, 0))
            pathlib.Path(folder, "old file").write_bytes(b"stays")
            os.utime(pathlib.Path(folder, "old file"), (0, 0))
            with Inbox("--keep-parts", "1", folder=folder) as inbox:
                self.assertEqual(inbox.parts(), [(b"young" * 100)[:50]])
                self.assertEqual(inbox.files(), {"old file": b"stays"})

    def test_a_newer_connection_takes_over_a_file(self):
        contents = random_bytes(100_000)
        with Inbox() as inbox, Upload("127.0.0.1", inbox.port) as old:
            old.hello()
            old.expect(Hello)
            old.offer_content(1, "a", contents)
            old.expect(Want)
            old.data(1, 0, contents[:40_000], count=100_000)  # the connection is then silent
            begun = self.wait_for_part(inbox)
            offset, code = self.resume(inbox, "a", contents)
            self.assertEqual(code, upload_peer.STORED)
            self.assertTrue(begun <= offset <= 40_000, offset)
            self.assertEqual(inbox.files(), {"a": contents})
            self.assertEqual(old.expect(Verdict)[:2], (1, upload_peer.TAKEN_OVER))
            old.send(contents[40_000:])  # the old connection is still open
            old.offer_content(2, "b", b"1")
            old.expect(Want)

    def wait_for_part(self, inbox):
        """Waits until a non-empty part exists; returns its size."""
        with Upload("127.0.0.1", inbox.port) as peer:  # each request lets the server's event loop run
            peer.hello()
            peer.expect(Hello)
            for id in range(100_000):
                for part in inbox.parts():
                    if part:
                        return len(part)
                peer.offer(id, "..", 0, bytes(16))
                peer.expect(Verdict)
        raise AssertionError("no part was created")

    def test_of_two_concurrent_files_with_the_same_name_exactly_one_is_stored(self):
        one, other = random_bytes(300_000), random_bytes(300_000)
        for rule, code in (("never", upload_peer.EXISTS), ("always", upload_peer.STORED)):
            with Inbox("--overwrite", rule) as inbox, \
                    Upload("127.0.0.1", inbox.port) as first, Upload("127.0.0.1", inbox.port) as second:
                for peer, contents in ((first, one), (second, other)):
                    peer.hello()
                    peer.expect(Hello)
                    peer.offer_content(1, "a", contents)
                    peer.expect(Want)
                    peer.data(1, 0, contents[:200_000])
                for peer, contents in ((second, other), (first, one)):
                    peer.data(1, 200_000, contents[200_000:])
                    verdict = peer.expect(Verdict).code
                    self.assertEqual(verdict, upload_peer.STORED if peer is second else code)
                self.assertEqual(inbox.files(), {"a": other if rule == "never" else one})
                self.assertEqual(inbox.parts(), [])


if __name__ == "__main__":
    unittest.main()
