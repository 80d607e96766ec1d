"""Killed programs: an incomplete file never appears under its name, and received data is not lost."""

import os
import pathlib
import random
import shutil
import signal
import tempfile
import threading
import unittest

import upload_peer
from inboxes import PART_PREFIX, Inbox, random_bytes
from programs import Program, path_of
from relay import Relay
from upload_peer import End, Hello, Upload, Verdict, Want

SANITIZED = bool(os.environ.get("STRAIT_SANITIZE"))
KILLS = 20 if SANITIZED else 100


class Kill(unittest.TestCase):
    def check_nothing_wrong(self, folder, files):
        """Asserts that all files under their names are complete."""
        for path in pathlib.Path(folder).rglob("*"):
            if path.is_file() and not path.name.startswith(PART_PREFIX):
                self.assertEqual(path.read_bytes(), files[str(path.relative_to(folder))])

    def test_fault_47_an_upload_is_resumed_each_time_either_side_is_killed(self):
        seed = int.from_bytes(os.urandom(4), "big")
        chance = random.Random(seed)
        files = {"large": random_bytes(60_000_000), **{f"small/{i}": random_bytes(10 * i) for i in range(200)}}
        died = {"client": 0, "server": 0}
        with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as folder, self.subTest(seed=seed):
            for name, contents in files.items():
                path = pathlib.Path(source, name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(contents)
            for _ in range(KILLS):
                with Inbox("--quiet", folder=folder) as inbox, self.client(inbox, source, "--tries", "1") as client:
                    victim = chance.choice(("client", "server"))
                    timer = threading.Timer(chance.uniform(0, 0.1), (client if victim == "client" else inbox).send_signal,
                                            [signal.SIGKILL])
                    timer.start()
                    status, _, _ = client.wait()
                    timer.join()
                    died[victim] += 1
                    self.assertIn(status, (0, 1, -signal.SIGKILL))
                    inbox.kill()
                self.check_nothing_wrong(folder, files)
            with Inbox("--quiet", folder=folder) as inbox, self.client(inbox, source) as client:
                status, output, errors = client.wait()
                self.assertEqual((status, errors), (0, b""))
                self.assertEqual(inbox.files(), files)
                self.assertEqual(inbox.parts(), [])
        print(f"figures: killed {died}", flush=True)

    def client(self, inbox, source, *arguments):
        return Program(path_of("upload_client"), "--port", str(inbox.port), *arguments, "large", "small", cwd=source)

    def test_fault_47_a_waiting_client_continues_after_a_restart_of_the_server(self):
        contents = random_bytes(3_000_000)
        with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as folder:
            pathlib.Path(source, "a").write_bytes(contents)
            with Inbox("--quiet", folder=folder) as first, Relay(first.port, (1_000_000, first.kill)) as relay:
                with Program(path_of("upload_client"), "--port", str(relay.port), "a", cwd=source) as client:
                    client.wait_for(b"retrying", "stderr")
                    with Program(path_of("upload_server"), "--port", str(first.port), folder) as second:
                        second.wait_for(b"\n", "stdout")
                        self.assertEqual(client.wait()[0], 0)
            self.assertEqual(pathlib.Path(folder, "a").read_bytes(), contents)

    def test_fault_48_a_file_with_the_verdict_stored_exists_after_a_crash(self):
        with tempfile.TemporaryDirectory() as folder:
            for i in range(10):
                contents = random_bytes(100_000)
                with Inbox(folder=folder) as inbox, Upload("127.0.0.1", inbox.port) as peer:
                    peer.hello()
                    peer.expect(Hello)
                    peer.offer_content(1, f"{i}", contents)
                    peer.expect(Want)
                    peer.data(1, 0, contents)
                    self.assertEqual(peer.expect(Verdict).code, upload_peer.STORED)
                    inbox.kill()
                self.assertEqual(pathlib.Path(folder, f"{i}").read_bytes(), contents)

    @unittest.skipIf(SANITIZED, "a sanitizer does not go with strace")
    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def calls_of_server(self, folder, talk):
        """Returns the system calls of the server that concern durability while `talk(peer)` runs, as lines of strace."""
        with tempfile.NamedTemporaryFile() as log:
            calls = "fsync,rename,renameat,renameat2,sendmsg,sendto"
            with Program("strace", "-f", "-qq", "-e", f"trace={calls}", "-o", log.name,
                         path_of("upload_server"), "--port", "0", "--quiet", str(folder)) as server:
                port = int(server.wait_for(b"\n", "stdout").split(b"\n")[0].rpartition(b":")[2])
                with Upload("127.0.0.1", port) as peer:
                    peer.hello()
                    peer.expect(Hello)
                    talk(peer)
                    peer.end()
                    peer.expect(End)
                traced, = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
                os.kill(int(traced), signal.SIGTERM)  # strace exits, too
                server.wait()
            return [line.split(None, 1)[1] for line in pathlib.Path(log.name).read_text().splitlines()]

    def test_fault_48_the_file_and_its_folder_are_synced_before_the_verdict(self):
        """Checks the order of the server's system calls."""
        def talk(peer):
            peer.offer_content(1, "folder/a", b"contents")
            peer.expect(Want)
            peer.data(1, 0, b"contents")
            self.assertEqual(peer.expect(Verdict), (1, upload_peer.STORED, "8 bytes"))

        with tempfile.TemporaryDirectory() as folder:
            happened = self.calls_of_server(folder, talk)
        names = [line.split("(")[0] for line in happened]
        rename = next(i for i, name in enumerate(names) if name.startswith("rename"))
        verdict = next(i for i, line in enumerate(happened) if line.startswith("send") and "8 bytes" in line)
        self.assertIn("fsync", names[:rename], happened)
        self.assertGreaterEqual(names[rename:verdict].count("fsync"), 2, happened)  # both folders

    def test_fault_48_a_file_left_by_a_crashed_server_is_synced_before_the_verdict_already_there(self):
        def talk(peer):
            peer.offer_content(1, "folder/a", b"contents")
            self.assertEqual(peer.expect(Verdict), (1, upload_peer.ALREADY_THERE, "8 bytes"))

        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "folder").mkdir()
            pathlib.Path(folder, "folder/a").write_bytes(b"contents")
            happened = self.calls_of_server(folder, talk)
        verdict = next(i for i, line in enumerate(happened) if line.startswith("send") and "8 bytes" in line)
        synced = [line for line in happened[:verdict] if line.startswith("fsync")]
        self.assertEqual(len(synced), 3, happened)  # the file, and both folders


if __name__ == "__main__":
    unittest.main()
