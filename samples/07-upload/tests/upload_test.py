"""upload_client with upload_server, over reliable and failing connections."""

import os
import signal
import unittest
from concurrent.futures import Future

from inboxes import PART_PREFIX, Inbox
from programs import TIMEOUT, Program, path_of
from relay import Relay
from uploads import Uploads


class Together(Uploads):
    def test_a_folder_is_uploaded_unchanged(self):
        sizes = (0, 1, 4095, 4096, 65535, 65537, 1024 * 1024, 3_000_001)
        contents = {f"сад/{size % 3}/日本 {size}.bin": os.urandom(size) for size in sizes}
        contents |= {f"сад/{name}": b"1" for name in ("a/b/c/d/деревья 🌳", "x" * 255, "مجلد/ملف")}
        for name, each in contents.items():
            self.make(name, each)
        (self.folder / "сад/empty/deep").mkdir(parents=True)
        self.make("сад/tool").chmod(0o755)
        contents["сад/tool"] = b""

        with Inbox() as server:
            ended = self.upload(server, "сад")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(server.files(), contents)
            self.assertIn("сад/empty/deep", server.folders())
            executable = {name for name in contents if (server.folder / name).stat().st_mode & 0o111}
            self.assertEqual(executable, {"сад/tool"})
            self.assertEqual(server.parts(), [])

            again = self.upload(server, "сад")
            self.assertEqual((again.returncode, again.stdout.count(b": already there")), (0, len(contents) + 1))
            self.assertIn(b", 0 bytes sent in ", again.stdout)

    def test_a_refusal_is_reported_with_its_reason(self):
        self.make("a", b"mine")
        self.make("b", b"x" * 2000)
        self.make("c", b"good")
        with Inbox("--max-file-size", "1000") as server:
            (server.folder / "a").write_bytes(b"theirs")
            ended = self.upload(server, "a", "b", "c")
            self.assertEqual(ended.returncode, 1)
            of_a, of_b = sorted(ended.stderr.decode().splitlines())
            self.assertRegex(of_a, "^upload_client: a: exists: .+")
            self.assertRegex(of_b, "^upload_client: b: too large: .+")
            self.assertEqual(server.files(), {"a": b"theirs", "c": b"good"})


class BadLines(Uploads):
    def setUp(self):
        super().setUp()
        self.contents = os.urandom(3_000_000)
        self.make("a", self.contents)

    def test_an_upload_survives_repeated_resets(self):
        with Inbox() as server, Relay(server.port, *[(500_000, None)] * 5) as line:
            ended = self.upload(line, "--tries", "3", "a")
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(server.files(), {"a": self.contents})
            self.assertEqual(ended.stderr.count(b"retrying in"), 5)
            self.assertLess(line.passed_on, 1.1 * len(self.contents))

    def test_an_upload_survives_a_killed_and_restarted_server(self):
        self.assert_resumes_after(lambda server: server.kill())  # unwritten data is sent again

    def test_an_upload_survives_a_graceful_restart_of_the_server(self):
        sent = self.assert_resumes_after(lambda server: server.send_signal(signal.SIGTERM) or server.wait())
        self.assertLess(sent, 1.1 * len(self.contents))

    def assert_resumes_after(self, end):
        def replace():
            end(first)
            self.assertEqual(first.files(), {})  # no incomplete file under its name
            line.server_port = second.port

        with Inbox("--drain", "0.1") as first, Inbox(folder=first.folder) as second:
            with Relay(first.port, (1_000_000, replace)) as line:
                ended = self.upload(line, "a")
            self.assertEqual((ended.returncode, ended.stderr.count(b"\n")), (0, 1), ended.stderr)
            self.assertEqual(second.files(), {"a": self.contents})
            return line.passed_on

    def upload_a_part(self, server):
        """Starts an upload with a client that is then killed."""
        client = Future()
        with Relay(server.port, (1_000_000, lambda: client.result(TIMEOUT).kill())) as line:
            with Program(path_of("upload_client"), "--port", str(line.port), "a", cwd=self.folder) as program:
                client.set_result(program)
                program.wait()
        server.wait_for(b"disconnected", "stderr")

    def test_an_upload_of_a_killed_client_is_resumed(self):
        with Inbox() as server:
            self.upload_a_part(server)
            with Relay(server.port) as line:
                self.assertEqual(self.upload(line, "a").returncode, 0)
                self.assertLess(line.passed_on, 2_200_000)
            self.assertEqual(server.files(), {"a": self.contents})

    def test_a_corrupted_part_is_sent_again(self):
        with Inbox() as server:
            self.upload_a_part(server)
            part, = [path for path in server.folder.rglob("*") if path.name.startswith(PART_PREFIX) and path.stat().st_size]
            with part.open("r+b") as contents:
                contents.write(b"spoiled")
            ended = self.upload(server, "a")
            self.assertEqual((ended.returncode, ended.stderr), (0, b""))
            self.assertEqual(server.files(), {"a": self.contents})


if __name__ == "__main__":
    unittest.main()
