"""upload_server and upload_client when system calls fail: disk errors, and calls that an old kernel does not have or a
sandbox does not allow."""

import contextlib
import os
import pathlib
import shutil
import signal
import tempfile
import unittest

import upload_peer
from inboxes import PART_PREFIX, Inbox, PeerTest, random_bytes
from programs import Program, path_of
from upload_peer import Verdict, Want

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
OF_DISKS = "splice,write,pwrite64,pwritev,pwritev2"


def failing(calls, error):
    """Returns the options of strace that make system calls fail."""
    return "-f", "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"


@contextlib.contextmanager
def failures_in(process, *options):
    """Makes system calls of `process` fail within the block, at least one of them."""
    with Program("strace", *options, "-p", str(process.pid)) as strace:
        try:
            strace.wait_for(b"attached", "stderr")
        except AssertionError as e:
            raise unittest.SkipTest(f"a running program may not be traced: {e}") from None
        yield
        strace.send_signal(signal.SIGINT)
        _, _, traced = strace.wait()
        if b"(INJECTED)" not in traced:
            raise AssertionError(f"nothing has failed: {traced.decode()}")


@unittest.skipIf(SANITIZED, "a sanitizer does not go with strace")
@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class FailingSystem(PeerTest):
    def setUp(self):
        self.source = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.source)

    def offer(self, peer, id, name, contents):
        peer.offer_content(id, name, contents)
        return peer.expect(Want).offset

    def send(self, peer, id, name, contents):
        """Offers a file and sends the requested data; returns the verdict."""
        offset = self.offer(peer, id, name, contents)
        if offset < len(contents):
            peer.data(id, offset, contents[offset:])
        return peer.expect(Verdict)

    def test_fault_46_a_disk_error_in_the_middle_of_a_file_is_reported(self):
        contents = random_bytes(600_000)
        with Inbox() as inbox:
            peer = self.connected(inbox)
            self.offer(peer, 1, "a", contents)
            peer.data(1, 0, contents[:200_000])
            part = inbox.folder / next(name for name in os.listdir(inbox.folder) if name.startswith(PART_PREFIX))
            while part.stat().st_size < 200_000:
                pass
            with failures_in(inbox, *failing(OF_DISKS, "EIO"), "-P", str(part)):
                peer.data(1, 200_000, contents[200_000:])
                self.assertEqual(peer.expect(Verdict), (1, upload_peer.CANNOT_STORE, "the file cannot be stored: input/output error"))
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [contents[:200_000]]))

            self.assertEqual(self.send(peer, 2, "b", b"b").code, upload_peer.STORED)  # the connection lives on
            self.assertEqual(self.offer(peer, 3, "a", contents), 200_000)
            peer.data(3, 200_000, contents[200_000:])
            self.assertEqual(peer.expect(Verdict).code, upload_peer.STORED)
            self.assertEqual(inbox.files(), {"a": contents, "b": b"b"})

    def test_fault_46_a_part_whose_sync_failed_is_not_resumed(self):
        contents = random_bytes(200_000)
        with Inbox() as inbox:
            peer = self.connected(inbox)
            with failures_in(inbox, *failing("fsync,fdatasync", "EIO")):
                self.assertEqual(self.send(peer, 1, "a", contents),
                                 (1, upload_peer.CANNOT_STORE, "the file cannot be stored: input/output error"))
            self.assertEqual((inbox.files(), inbox.parts()), ({}, []))
            self.assertEqual(self.offer(peer, 2, "a", contents), 0)

    def test_fault_46_a_part_that_cannot_be_read_is_reported(self):
        contents = random_bytes(200_000)
        with Inbox() as inbox:
            peer = self.connected(inbox)
            with failures_in(inbox, *failing("pread64,preadv,preadv2", "EIO")):
                self.assertEqual(self.send(peer, 1, "a", contents).code, upload_peer.CANNOT_STORE)
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [contents]))
            self.assertEqual(self.send(peer, 2, "a", contents).code, upload_peer.STORED)

    def test_files_that_the_client_cannot_read_do_not_affect_the_others(self):
        for name in ("a", "broken", "c"):
            (self.source / name).write_bytes(name.encode() * 100_000)
        with Inbox() as inbox:
            options = failing("read,pread64,preadv,preadv2,sendfile", "EIO")
            status, _, errors = self.upload(inbox, *options, "-P", str(self.source / "broken"))
            self.assertEqual(status, 1)
            self.assertRegex(errors, rb"broken: input/output error")
            self.assertEqual(sorted(inbox.files()), ["a", "c"])

    def test_the_server_works_without_system_calls_that_some_kernels_lack(self):
        """The same with other system calls."""
        files = {"a": random_bytes(3_000_000), "folder/b": random_bytes(10)}
        for name, contents in files.items():
            (self.source / name).parent.mkdir(exist_ok=True)
            (self.source / name).write_bytes(contents)
        for calls, error in (("openat2,renameat2,statx,preadv2,pwritev2", "ENOSYS"), ("openat2", "EPERM"),
                             ("sendfile,splice,renameat2", "EINVAL"), ("preadv2", "EOPNOTSUPP")):
            with self.subTest(calls=calls, error=error), Inbox() as inbox:
                with failures_in(inbox, *failing(calls, error)):
                    status, output, errors = self.upload(inbox, *failing(calls, error))
                    self.assertEqual((status, errors), (0, b""), output)
                self.assertEqual((inbox.files(), inbox.parts()), (files, []))

    def upload(self, inbox, *options):
        names = sorted(os.listdir(self.source))
        with Program("strace", "-qq", *options, "-o", "/dev/null", path_of("upload_client"), "--port", str(inbox.port), *names,
                     cwd=self.source) as client:
            return client.wait()


if __name__ == "__main__":
    unittest.main()
