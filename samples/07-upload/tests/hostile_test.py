"""Malicious and faulty clients: upload_server reports the error, disconnects them, and serves the others."""

import contextlib
import os
import pathlib
import resource
import socket
import struct
import subprocess
import tempfile
import unittest

import upload_peer
from inboxes import Inbox, PeerTest, random_bytes
from programs import receive_all
from upload_peer import End, Failure, Hello, Upload, Verdict, Want, digest_of, message


@contextlib.contextmanager
def small_disk():
    """Mounts a file system of 1 MiB."""
    with tempfile.TemporaryDirectory() as folder:
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
        if mount.returncode != 0:
            raise unittest.SkipTest("no file system may be mounted")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


class Hostile(PeerTest):
    def setUp(self):
        self.honest = tempfile.NamedTemporaryFile()
        self.addCleanup(self.honest.close)
        self.honest.write(b"1")
        self.honest.flush()

    def check_serves(self, inbox):
        results = upload_peer.upload("127.0.0.1", inbox.port, [("honest", self.honest.name)])
        self.assertIn(results["honest"][0], (upload_peer.STORED, upload_peer.ALREADY_THERE))
        self.assertEqual(inbox.files()["honest"], b"1")

    def test_fault_33_clients_of_other_protocols_are_disconnected(self):
        tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32)
        with Inbox() as inbox:
            for greeting in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", tls_hello, b"STRAITUQ", b"\0" * 100, b"S\n"):
                with inbox.connect() as connection:
                    connection.sendall(greeting)
                    self.assertEqual(receive_all(connection), b"", greeting)
            self.check_serves(inbox)

    def test_an_invalid_message_is_reported_before_the_connection_is_closed(self):
        offer = struct.pack(">IBQ16s", 1, 0, 10, bytes(16)) + b"a"
        wrong = {
            "an unknown type": (message(77), "unknown|type 77"),
            "a server's message": (message(130, bytes(12)), "type 130"),
            "too short": (message(2, offer[:20]), "missing"),
            "too long": (message(5, b"x"), "too many"),
            "no size": (struct.pack(">I", 0), "without a type"),
            "a great size": (struct.pack(">I", 0xffffffff), "4294967295|limit|long"),
            "a second hello": (message(1, b"\0\1"), "twice"),
            "data of nothing": (message(3, struct.pack(">IQI", 9, 0, 1)) + b"x", "no such offer"),
            "an id twice": (2 * message(2, offer), "used"),
            "an unknown kind": (message(2, offer[:4] + b"\x09" + offer[5:]), "kind"),
            "something after the end": (message(5) + message(5), "end"),
        }
        with Inbox() as inbox:
            for what, (content, reason) in wrong.items():
                with self.subTest(what):
                    peer = self.connected(inbox)
                    peer.send(content)
                    answer = peer.next()
                    while isinstance(answer, (Want, Verdict)):
                        answer = peer.next()
                    if what == "something after the end" and isinstance(answer, End):
                        continue  # the session ended before the second message arrived
                    self.assertIsInstance(answer, Failure)
                    self.assertRegex(answer.text, reason)
                    peer.expect(None)
            self.check_serves(inbox)

    def test_an_unsupported_version_is_rejected(self):
        with Inbox() as inbox:
            with Upload("127.0.0.1", inbox.port) as peer:
                peer.hello(version=0)
                self.assertRegex(peer.expect(Failure).text, "version 0")
                peer.expect(None)
            with Upload("127.0.0.1", inbox.port) as peer:
                peer.hello(version=7)
                self.assertEqual(peer.expect(Hello).version, 1)

    def test_offers_beyond_the_window_are_an_error(self):
        with Inbox() as inbox:
            peer = Upload("127.0.0.1", inbox.port)
            self.addCleanup(peer.close)
            peer.hello()
            window = peer.expect(Hello).window
            peer.send(b"".join(message(2, struct.pack(">IBQ16s", i, 0, 1, bytes(16)) + b"%d" % i)
                               for i in range(window + 1)))
            answer = peer.next()
            while isinstance(answer, Want):
                answer = peer.next()
            self.assertIsInstance(answer, Failure)
            self.assertRegex(answer.text, "window")

    def test_fault_35_a_file_shorter_than_its_offered_size_stays_a_part(self):
        with Inbox() as inbox:
            peer = self.connected(inbox)
            peer.offer_content(1, "a", b"x" * 100)
            peer.expect(Want)
            peer.data(1, 0, b"x" * 60)
            peer.shut()
            self.assertIsNone(peer.next())
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [b"x" * 60]))
            peer = self.connected(inbox)
            peer.offer_content(1, "a", b"x" * 100)
            peer.expect(Want)
            peer.data(1, 60, b"x" * 20)
            peer.end()
            self.assertRegex(peer.expect(Failure).text, "20 bytes of file .* were not sent")
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [b"x" * 80]))
            self.check_serves(inbox)

    def test_fault_35_data_beyond_the_offered_size_is_an_error(self):
        with Inbox() as inbox:
            peer = self.connected(inbox)
            peer.offer_content(1, "a", b"x" * 100)
            peer.expect(Want)
            peer.data(1, 0, b"x" * 101)
            self.assertRegex(peer.expect(Failure).text, "101 bytes, but 100 are missing")
            peer = self.connected(inbox)
            peer.offer_content(1, "a", b"x" * 100)
            peer.expect(Want)
            peer.data(1, 0, b"x" * 100)
            peer.data(1, 100, b"x")
            answers = [peer.next(), peer.next()]
            self.assertIn(Failure, [type(answer) for answer in answers])
            self.assertIn(inbox.files(), ({}, {"a": b"x" * 100}))
            self.check_serves(inbox)

    def test_data_that_does_not_match_the_digest_is_discarded(self):
        with Inbox() as inbox:
            peer = self.connected(inbox)
            peer.offer(1, "a", 5, digest_of(b"right"))
            peer.expect(Want)
            peer.data(1, 0, b"wrong")
            self.assertEqual(peer.expect(Verdict)[:2], (1, upload_peer.WRONG_CONTENTS))
            self.assertEqual((inbox.files(), inbox.parts()), ({}, []))
            peer.offer_content(2, "a", b"right")
            peer.expect(Want)
            peer.data(2, 0, b"right")
            self.assertEqual(peer.expect(Verdict)[:2], (2, upload_peer.STORED))

    def test_a_connection_may_fail_at_any_point(self):
        contents = random_bytes(1000)
        session = (upload_peer.MAGIC + message(1, b"\0\1") +
                   message(2, struct.pack(">IBQ16s", 1, 0, 1000, digest_of(contents)) + b"a"))
        with Inbox() as inbox:
            for size in range(0, len(session), 5):
                with inbox.connect() as connection:
                    connection.sendall(session[:size])
                    connection.shutdown(socket.SHUT_WR)
                    receive_all(connection)
            self.assertEqual(inbox.files(), {})
            self.check_serves(inbox)

    def test_a_client_that_sends_too_slowly_is_disconnected_and_its_data_is_kept(self):
        # The rate is averaged over 30 s, so the test requires a rate that no client reaches.
        with Inbox("--min-rate", "1T", "--idle-timeout", "1") as inbox:
            peer = self.connected(inbox)
            peer.offer_content(1, "a", bytes(1000))
            peer.expect(Want)
            peer.data(1, 0, bytes(500), count=1000)
            self.assertRegex(peer.expect(Failure).text, "timed out")
            self.assertEqual((inbox.files(), inbox.parts()), ({}, [bytes(500)]))

    def test_fault_46_a_file_that_does_not_fit_on_the_disk_is_refused_and_its_part_is_kept(self):
        with Inbox() as inbox:
            resource.prlimit(inbox.pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
            contents = random_bytes(300_000)
            peer = self.connected(inbox)
            peer.offer_content(1, "a", contents)
            peer.expect(Want)
            peer.data(1, 0, contents)
            verdict = peer.expect(Verdict)
            self.assertEqual(verdict, (1, upload_peer.NO_SPACE, "the file cannot be stored: file too large"))
            self.assertEqual(inbox.files(), {})
            self.assertEqual(inbox.parts(), [contents[:100_000]])

            peer.offer_content(2, "small", b"1")  # the connection is still open
            peer.expect(Want)
            peer.data(2, 0, b"1")
            self.assertEqual(peer.expect(Verdict)[:2], (2, upload_peer.STORED))

            resource.prlimit(inbox.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            peer.offer_content(3, "a", contents)
            self.assertEqual(peer.expect(Want).offset, 100_000)
            peer.data(3, 100_000, contents[100_000:])
            self.assertEqual(peer.expect(Verdict)[:2], (3, upload_peer.STORED))
            self.assertEqual(inbox.files(), {"a": contents, "small": b"1"})

    def test_fault_46_a_full_disk_is_reported(self):
        with small_disk() as disk:
            with Inbox(folder=pathlib.Path(disk, "inbox")) as inbox:
                peer = self.connected(inbox)
                peer.offer_content(1, "huge", bytes(2_000_000))
                verdict = peer.expect(Verdict)
                self.assertEqual(verdict[:2], (1, upload_peer.NO_SPACE))
                self.assertRegex(verdict.text, r"not enough disk space: \d+ more bytes are needed")
                self.assertEqual(inbox.parts(), [])

                contents = random_bytes(700_000)
                peer.offer_content(2, "a", contents)
                peer.expect(Want)
                peer.data(2, 0, contents[:300_000])
                peer.offer(3, "..", 0, bytes(16))
                peer.expect(Verdict)
                filler = pathlib.Path(disk, "filler")
                with open(filler, "wb", buffering=0) as file:
                    try:
                        while True:
                            file.write(bytes(4096))
                    except OSError:
                        pass
                peer.data(2, 300_000, contents[300_000:])
                self.assertEqual(peer.expect(Verdict)[:2], (2, upload_peer.NO_SPACE))
                self.assertEqual(inbox.files(), {})
                part, = inbox.parts()
                self.assertEqual(part, contents[:len(part)])

                filler.unlink()
                peer.offer_content(4, "a", contents)
                offset = peer.expect(Want).offset
                self.assertEqual(offset, len(part))
                peer.data(4, offset, contents[offset:])
                self.assertEqual(peer.expect(Verdict)[:2], (4, upload_peer.STORED))
                self.assertEqual(inbox.files(), {"a": contents})

    def test_files_that_wait_for_a_verdict_do_not_hold_descriptors(self):
        with Inbox() as inbox:
            self.check_serves(inbox)
            before = len(os.listdir(f"/proc/{inbox.pid}/fd"))
            for _ in range(20):
                peer = self.connected(inbox)
                for id in range(10):
                    peer.offer_content(id, f"{id}", bytes(10))
                    peer.expect(Want)
                peer.reset()
            self.check_serves(inbox)
            for _ in range(1000):
                self.check_serves(inbox)  # lets the server's event loop run at least once
                if len(os.listdir(f"/proc/{inbox.pid}/fd")) <= before + 1:
                    return
            self.assertEqual(len(os.listdir(f"/proc/{inbox.pid}/fd")), before)


if __name__ == "__main__":
    unittest.main()
