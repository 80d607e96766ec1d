"""Limits on the memory, descriptors, time and disk space that one client can use."""

import os
import pathlib
import signal
import socket
import struct
import sys
import tempfile
import time
import unittest

import upload_peer
from inboxes import Inbox, PeerTest
from programs import TIMEOUT, Server, path_of
from upload_peer import Alive, Failure, Hello, Upload, Verdict, Want, digest_of, message

WINDOW = 32
ENTRY_SIZE = 4096  # counts towards the quota for each file and folder, in addition to its contents
LARGE = 64 << 30  # bytes; a sparse file that takes long to read


def make_large(path, size=LARGE):
    """Waits until the file is old enough for the server to remember its digest."""
    path.touch()
    os.truncate(path, size)
    while time.time() - path.stat().st_ctime < 0.2:
        time.sleep(0.05)


def other_digest(number):
    return struct.pack(">QQ", number, 7)


class Limits(PeerTest):
    def put(self, inbox, name, contents):
        """Offers one file on a new connection; returns the code of the verdict."""
        with Upload("127.0.0.1", inbox.port) as peer:
            peer.hello()
            peer.expect(Hello)
            return self.put_on(peer, 1, name, contents)

    def put_on(self, peer, id, name, contents, kind=upload_peer.FILE):
        peer.offer(id, name, len(contents), bytes(16) if kind == upload_peer.DIRECTORY else digest_of(contents), kind)
        answer = self.answer(peer)
        if isinstance(answer, Want):
            peer.data(id, answer.offset, contents[answer.offset:])
            answer = peer.expect(Verdict)
        return answer.code

    def answer(self, peer):
        while isinstance(answer := peer.next(), Alive):
            pass
        return answer

    def use_ids(self, peer, first, count):
        """Sends so many offers, with gaps between the ids, that the server forgets earlier ids."""
        for begin in range(0, count, 16):
            for i in range(begin, begin + 16):
                peer.offer(first + 2 * i, "..", 0, bytes(16))
            for _ in range(16):
                peer.expect(Verdict)

    def check_ends_well(self, inbox):
        """Asserts that the server still serves, and shuts down without an error such as a sanitizer report."""
        self.assertEqual(self.put(inbox, "honest", b"1"), upload_peer.STORED)
        inbox.send_signal(signal.SIGTERM)
        status, _, errors = inbox.wait()
        self.assertEqual(status, 0, errors[-2000:])


class Offers(Limits):
    def test_the_id_of_a_withdrawn_offer_may_be_used_again_while_work_on_it_continues(self):
        size = 256 << 20
        with Inbox("--drain", "0") as inbox:
            make_large(inbox.folder / "large", size)
            peer = self.connected(inbox)
            for id in (*range(1_000_000, 1_000_020), 0):  # comparing all of them would take long
                peer.offer(id, "large", size, other_digest(id))
                peer.withdraw(id)
            self.use_ids(peer, 2, 4112)
            peer.offer(0, "large", size, other_digest(1))
            self.assertEqual(peer.expect(Verdict)[:2], (0, upload_peer.EXISTS))
            peer.close()
            self.check_ends_well(inbox)

    def test_the_id_of_an_open_offer_cannot_be_used_again_after_any_number_of_offers(self):
        with Inbox("--drain", "0") as inbox:
            peer = self.connected(inbox)
            peer.offer_content(0, "a", b"1")
            peer.expect(Want)
            self.use_ids(peer, 2, 4112)
            peer.offer_content(0, "b", b"2")
            self.assertRegex(peer.expect(Failure).text, "was used before")
            self.check_ends_well(inbox)

    def test_withdrawn_offers_hold_no_descriptors_and_other_clients_are_served(self):
        with Inbox("--quiet") as inbox:
            make_large(inbox.folder / "large")
            peer = self.connected(inbox)
            self.put_on(peer, 0, "small", b"1")
            before = self.descriptors(inbox)
            for id in range(1, 1001):
                digest = other_digest(id % 2 * id)  # alternately of one file and of other files
                peer.offer(id, "large", LARGE, digest)
                peer.withdraw(id)
            self.assertLess(self.descriptors(inbox) - before, 4 * WINDOW)
            self.assertEqual(self.put(inbox, "honest", b"1"), upload_peer.STORED)
            deadline = time.monotonic() + TIMEOUT
            while self.descriptors(inbox) > before:
                self.assertLess(time.monotonic(), deadline)
                id += 1
                self.assertEqual(self.put_on(peer, id, "small", b"1"), upload_peer.ALREADY_THERE)

    def descriptors(self, inbox):
        try:
            return len(os.listdir(f"/proc/{inbox.pid}/fd"))
        except OSError:
            raise unittest.SkipTest("this system does not report the descriptors of a process") from None

    def times_open(self, inbox, path):
        folder = f"/proc/{inbox.pid}/fd"
        times = 0
        for descriptor in os.listdir(folder):
            try:
                times += os.readlink(f"{folder}/{descriptor}") == str(path)
            except OSError:
                pass  # it was closed meanwhile
        return times

    def test_a_large_file_is_read_once_for_any_number_of_comparisons(self):
        size = 64 << 20
        with Inbox() as inbox:
            make_large(inbox.folder / "large", size)
            peer = self.connected(inbox)
            before = self.bytes_read(inbox)
            for id in range(100):
                peer.offer(id, "large", size, other_digest(id))
                if id >= WINDOW - 1:
                    self.assertEqual(peer.expect(Verdict).code, upload_peer.EXISTS)
            self.assertLess(self.bytes_read(inbox) - before, 2 * size)

    def test_a_file_that_changed_just_now_is_not_read_for_each_comparison(self):
        size = 256 << 20
        with Inbox() as inbox:
            path = inbox.folder / "large"
            make_large(path, size)
            peer = self.connected(inbox)
            before = self.bytes_read(inbox)
            for id in range(WINDOW):
                peer.offer(id, path.name, size, other_digest(id))
            decided = 0
            while decided + self.times_open(inbox, path) < WINDOW:
                path.chmod(0o600)  # changes it, so that no comparison begins with an older file
                while peer.ready():
                    answer = peer.next()
                    self.assertIsNotNone(answer)
                    decided += isinstance(answer, Verdict)
            for _ in range(WINDOW - decided):
                self.assertEqual(peer.expect(Verdict).code, upload_peer.EXISTS)
            self.assertLess(self.bytes_read(inbox) - before, WINDOW // 2 * size)

    def test_a_kept_part_is_not_read_before_the_rest_has_arrived(self):
        contents = bytes(16 << 20)
        with Inbox() as inbox:
            peer = self.connected(inbox)
            peer.offer_content(1, "a", contents)
            peer.expect(Want)
            peer.data(1, 0, contents[:8 << 20])
            peer.data(1, 8 << 20, contents[8 << 20:-1])
            peer.offer_content(2, "a", contents)
            while not isinstance(peer.next(), Want):
                pass
            before = self.bytes_read(inbox)
            for id in range(3, 23):
                peer.withdraw(id - 1)
                peer.offer_content(id, "a", contents)
                self.assertEqual(peer.expect(Want).offset, len(contents) - 1)
            self.assertLess(self.bytes_read(inbox) - before, len(contents))
            peer.data(id, len(contents) - 1, contents[-1:])
            self.assertEqual(peer.expect(Verdict)[:2], (id, upload_peer.STORED))

    def bytes_read(self, inbox):
        try:
            output = pathlib.Path(f"/proc/{inbox.pid}/io").read_text()
        except OSError:
            raise unittest.SkipTest("this system does not report how much a process has read") from None
        return int(output.split("rchar: ")[1].split()[0])


class SmallSocket(Server):
    """An upload_server whose connections have minimal send buffers."""

    def __init__(self, folder, *arguments):
        inheriting = pathlib.Path(__file__).resolve().parents[3] / "tests/reliability/inheriting.py"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            command = (sys.executable, str(inheriting), str(listener.fileno()), path_of("upload_server"), *arguments, folder)
            super(Server, self).__init__(*command, pass_fds=(listener.fileno(),))
        self._note_port()


class Debts(Limits):
    def test_a_client_that_does_not_read_is_disconnected_and_pending_verdicts_are_limited_by_the_window(self):
        offer = struct.pack(">IBQ16s", 0, 0, 0, bytes(16))[4:] + b".."
        with (tempfile.TemporaryDirectory() as folder, SmallSocket(folder, "--client-timeout", "1") as server,
              socket.socket() as peer):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            peer.settimeout(TIMEOUT)
            peer.connect(("127.0.0.1", server.port))
            peer.sendall(upload_peer.MAGIC + message(1, b"\0\1"))
            sent = 0
            ended = b"disconnected: "
            while ended not in (output := server.output_so_far("stderr")) and sent < 10_000:
                decided = output.count(b"bad name")
                if sent - decided > WINDOW // 2:
                    time.sleep(0.001)
                    continue
                try:
                    for _ in range(WINDOW // 2):
                        peer.sendall(message(2, struct.pack(">I", sent) + offer))
                        sent += 1
                except OSError:
                    break
            self.assertIn(b"timed out", server.wait_for(b"disconnected: ", "stderr").split(b"disconnected: ")[1])
            self.assertLess(sent, 10_000)

    def test_a_greeting_or_message_sent_byte_by_byte_has_a_deadline(self):
        beginnings = {"a greeting": (b"", upload_peer.MAGIC), "a hello": (upload_peer.MAGIC, struct.pack(">I", 8000) + bytes(8000)),
                      "a message": (upload_peer.MAGIC + message(1, b"\0\1"), struct.pack(">I", 8000) + b"\x02" + bytes(8000))}
        with Inbox("--client-timeout", "1", "--idle-timeout", "60") as inbox:
            for what, (before, slow) in beginnings.items():
                with self.subTest(what), inbox.connect() as peer:
                    peer.settimeout(0.15)
                    peer.sendall(before)
                    began = time.monotonic()
                    self.assertTrue(self.is_cut_off(peer, slow), "it was never cut off")
                    self.assertGreater(time.monotonic() - began, 0.9)

    def is_cut_off(self, peer, content):
        """Sends single bytes with pauses until the server closes the connection."""
        for i in range(len(content)):
            try:
                peer.sendall(content[i:i + 1])
                if peer.recv(1 << 16) == b"":
                    return True
            except TimeoutError:
                pass
            except OSError:
                return True
            if i > 200:
                break
        return False

    def test_a_client_that_does_not_send_requested_data_is_disconnected_whatever_else_it_sends(self):
        with Inbox("--client-timeout", "4", "--min-rate", "1k") as inbox:
            peers = {what: self.connected(inbox) for what in ("silent", "alive", "withdrawing", "slow")}
            for what, peer in peers.items():
                peer.offer(1, what, 1_000_000, other_digest(1))
                peer.expect(Want)
            peers["slow"].data(1, 0, b"", count=1_000_000)
            ended = {}
            began = time.monotonic()
            id = 1
            while len(ended) < len(peers) and time.monotonic() - began < TIMEOUT:
                time.sleep(0.05)
                for what, peer in peers.items():
                    if what in ended:
                        continue
                    try:
                        while peer.ready():
                            answer = peer.next()
                            if answer is None or isinstance(answer, Failure):
                                ended[what] = answer
                                break
                        if what == "alive":
                            peer.send(200 * message(6))
                        elif what == "slow":
                            peer.send(b"x" * 10)
                        elif what == "withdrawing" and time.monotonic() - began > id * 0.5:
                            peer.withdraw(id)
                            id += 1
                            peer.offer(id, what, 1_000_000, other_digest(1))
                    except OSError as error:
                        ended.setdefault(what, error)
            self.assertEqual(ended.keys(), peers.keys())

    def test_many_small_files_in_sequence_are_not_too_slow(self):
        with Inbox("--client-timeout", "4", "--min-rate", "1M") as inbox:
            peer = self.connected(inbox)
            began = time.monotonic()
            id = 0
            while time.monotonic() - began < 5:
                id += 1
                peer.offer_content(id, f"{id}", b"%d" % id)
                peer.expect(Want)
                time.sleep(0.1)  # a long round trip
                peer.data(id, 0, b"%d" % id)
                self.assertEqual(peer.expect(Verdict).code, upload_peer.STORED)


class Quota(Limits):
    def check_room(self, inbox, size):
        """Asserts that a file of `size` bytes fits into the quota, and a larger one does not."""
        self.assertEqual(self.put(inbox, "probe", bytes(size + 1)), upload_peer.TOO_LARGE)
        self.assertEqual(self.put(inbox, "probe", bytes(size)), upload_peer.STORED)
        (inbox.folder / "probe").unlink()

    def test_concurrent_replacements_of_one_file_release_its_size_once(self):
        size, several, quota = 90_000, 20, 200_000
        with Inbox("--overwrite", "always", "--quota", str(quota), "--threads", "2") as inbox:
            for round in range(5):
                self.assertEqual(self.put(inbox, "a", bytes([round]) * size), upload_peer.STORED)
                peers = [self.connected(inbox) for _ in range(several)]
                for number, peer in enumerate(peers):
                    peer.offer_content(1, "a", bytes([round, number]))
                    peer.expect(Want)
                for number, peer in enumerate(peers):
                    peer.data(1, 0, bytes([round, number]))
                for peer in peers:
                    self.assertEqual(peer.expect(Verdict).code, upload_peer.STORED)
                    peer.close()
            self.assertEqual([len(contents) for contents in inbox.files().values()], [2])
            self.check_room(inbox, quota - 2 - 2 * ENTRY_SIZE)

    def test_folders_count_towards_the_quota_also_after_a_restart(self):
        quota = 1_000_000
        with tempfile.TemporaryDirectory() as folder:
            with Inbox("--quota", str(quota), folder=folder) as inbox:
                peer = self.connected(inbox)
                name = "/".join(["d"] * 100)
                self.assertEqual(self.put_on(peer, 1, name, b"", upload_peer.DIRECTORY), upload_peer.STORED)
                self.assertEqual(self.put_on(peer, 2, name, b"", upload_peer.DIRECTORY), upload_peer.ALREADY_THERE)
                other = "/".join(["e"] * 99)
                codes = [self.put_on(peer, id, f"{id}/{other}", b"", upload_peer.DIRECTORY) for id in range(3, 6)]
                self.assertEqual(codes[-1], upload_peer.TOO_LARGE)
                made = len(inbox.folders())
                self.assertEqual(made, quota // ENTRY_SIZE)
                self.assertEqual(self.put(inbox, "a", b"1"), upload_peer.TOO_LARGE)
            with Inbox("--quota", str(quota), folder=folder) as inbox:
                self.assertEqual(self.put(inbox, "a", b"1"), upload_peer.TOO_LARGE)

    def test_a_name_with_too_many_parts_is_refused_and_creates_no_folders(self):
        with Inbox() as inbox:
            peer = self.connected(inbox)
            self.assertEqual(self.put_on(peer, 1, "/".join(["d"] * 101), b"", upload_peer.DIRECTORY), upload_peer.BAD_NAME)
            self.assertEqual(inbox.folders(), [])

    def test_a_withdrawn_file_counts_its_received_bytes(self):
        quota = 100_000
        with Inbox("--quota", str(quota)) as inbox:
            peer = self.connected(inbox)
            peer.offer_content(1, "a", bytes(80_000))
            peer.expect(Want)
            peer.data(1, 0, bytes(10_000))
            peer.withdraw(1)
            self.put_on(peer, 2, "..", b"")  # the server has handled all earlier messages
            self.check_room(inbox, quota - 10_000 - 2 * ENTRY_SIZE)


if __name__ == "__main__":
    unittest.main()
