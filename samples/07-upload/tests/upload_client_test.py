"""upload_client with a correct server: what it sends, and what it prints."""

import os
import unittest
from concurrent.futures import Future

from programs import TIMEOUT, Program, path_of
from scripted_server import ALREADY_THERE, EXISTS, NO_SPACE, TAKEN_OVER, Data, End, Offer, ScriptedServer, Withdrawal
from uploads import Uploads


class WhatIsSent(Uploads):
    def test_a_file_is_sent_with_its_size_digest_and_contents(self):
        contents = os.urandom(200_000)
        path = self.make("book.bin", contents)
        digest = bytes.fromhex("6bba86c7e069f56d5a10b435f1c8e49c")
        self.make("hi", b"hello\n")

        def talk(session):
            session.greet()
            book, hi = session.read(), session.read()
            self.assertEqual((book.name, book.kind, book.size), ("book.bin", 0, 200_000))
            self.assertEqual((hi.name, hi.kind, hi.size, hi.digest), ("hi", 0, 6, digest))
            self.assertEqual(session.take_in(book), contents)
            self.assertEqual(session.take_in(hi), b"hello\n")
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, path, "hi"), "book.bin: stored, 200000 bytes",
                                  "hi: stored, 6 bytes")

    def test_an_empty_file_and_an_empty_folder_are_sent(self):
        self.make("all/zero")
        (self.folder / "all/empty").mkdir()

        def talk(session):
            session.greet()
            folder, zero = session.read(), session.read()
            self.assertEqual((folder.name, folder.kind, folder.size, folder.digest), ("all/empty", 2, 0, bytes(16)))
            self.assertEqual((zero.name, zero.digest.hex()), ("all/zero", "99aa06d3014798d86001c324468d497f"))
            session.decide(folder)
            session.want(zero)
            session.decide(zero)
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, "all"), "all/empty/: stored", "all/zero: stored, 0 bytes")

    def test_a_file_that_the_server_has_is_not_sent(self):
        self.make("a", b"x")

        def talk(session):
            session.greet()
            session.decide(session.read(), ALREADY_THERE)
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, "a"), "a: already there, 1 byte")

    def test_a_file_is_resumed_at_the_requested_offset(self):
        contents = os.urandom(100_000)
        self.make("a", contents)

        def talk(session):
            session.greet()
            self.assertEqual(session.take_in(session.read(), 32_768), contents[32_768:])
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, "a"), "a: stored, 100000 bytes")

    def test_messages_respect_the_data_limit_of_the_server(self):
        self.make("a", bytes(20_000))

        def talk(session):
            session.greet(data_limit=4096)
            offer = session.read()
            session.want(offer)
            self.assertEqual([len(session.read().bytes) for _ in range(5)], [4096] * 4 + [20_000 - 4 * 4096])
            session.decide(offer)
            session.part()

        with ScriptedServer(talk) as server:
            self.assertEqual(self.upload(server, "a").returncode, 0)

    def test_offers_fill_the_window_and_do_not_exceed_it(self):
        for i in range(7):
            self.make(f"all/{i}", b"x")

        def talk(session):
            session.greet(window=3)
            offers = [session.read() for _ in range(3)]
            session.connection.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                session.read()
            session.connection.settimeout(TIMEOUT)
            for _ in range(4):
                session.decide(offers.pop())  # in any order
                offers.append(session.read())
            for offer in offers:
                session.decide(offer)
            session.part()

        with ScriptedServer(talk) as server:
            self.assertEqual(self.upload(server, "all").returncode, 0)

    def test_files_are_offered_while_another_file_is_sent(self):
        for name in "abc":
            self.make(name, bytes(30_000))

        def talk(session):
            session.greet(window=2, data_limit=4096)
            a, b = session.read(), session.read()
            session.want(a)
            session.decide(b)
            messages = [session.read() for _ in range(9)]
            c = [each for each in messages if isinstance(each, Offer)]
            self.assertEqual([each.name for each in c], ["c"])
            session.decide(a)
            session.decide(c[0])
            session.part()

        with ScriptedServer(talk) as server:
            self.assertEqual(self.upload(server, "a", "b", "c").returncode, 0)

    def test_thousands_of_files_are_sent(self):
        count = 300 if os.environ.get("STRAIT_SANITIZE") else 2000
        for i in range(count):
            self.make(f"all/{i % 10}/{i}", str(i).encode())
        received = {}

        def talk(session):
            session.greet()
            offers = {}
            while not isinstance(message := session.read(), End):
                if isinstance(message, Offer):
                    offers[message.id] = message
                    session.want(message)
                else:
                    received[offers[message.id].name] = message.bytes
                    session.decide(offers[message.id])
            session.send(b"\x05")

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "--quiet", "all")
            self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"", b""))
        self.assertEqual(received, {f"all/{i % 10}/{i}": str(i).encode() for i in range(count)})


class Names(Uploads):
    def test_the_names_of_files_in_a_folder_include_their_paths(self):
        self.make("photos/a.jpg")
        self.make("photos/2024/b.jpg")
        expected = [(0, "photos/2024/b.jpg"), (0, "photos/a.jpg")]
        for path in ("photos", "photos/", "./photos", self.folder / "photos", f"{self.folder}/photos//"):
            with self.subTest(path):
                self.names_sent(path, expected=expected)

    def test_the_current_folder_adds_nothing_to_names(self):
        self.make("a")
        self.make("sub/b")
        for path in (".", "./", "sub/.."):
            with self.subTest(path):
                self.names_sent(path, expected=[(0, "a"), (0, "sub/b")])

    def test_the_name_of_a_file_is_the_last_part_of_its_path(self):
        self.make("deep/down/a")
        self.names_sent("deep/down/a", expected=[(0, "a")])

    def test_the_into_option_sets_the_destination_folder(self):
        self.make("sub/a")
        self.names_sent("--into", "x/y/", "sub", expected=[(0, "x/y/sub/a")])
        self.names_sent("--into", "x", ".", expected=[(0, "x/sub/a")])

    def test_the_executable_bit_is_sent(self):
        self.make("tool").chmod(0o755)
        self.names_sent("tool", expected=[(1, "tool")])

    def test_the_client_sends_names_in_any_script(self):
        names = ["\u4f60\u597d.txt", "na\u00efve", "\u05e9\u05dc\u05d5\u05dd", "with space", "\U0001f44d"]
        for name in names:
            self.make(f"all/{name}")
        self.names_sent("all", expected=[(0, f"all/{name}") for name in names])

    def test_within_folders_links_to_files_are_followed_and_links_to_folders_are_not(self):
        self.make("elsewhere/target", b"x")
        (self.folder / "all").mkdir()
        (self.folder / "all/file").symlink_to("../elsewhere/target")
        (self.folder / "all/folder").symlink_to("../elsewhere")
        (self.folder / "all/round").symlink_to(".")
        output = self.names_sent("all", expected=[(0, "all/file")], status=1)
        self.assertEqual(output, ["upload_client: all/folder: symbolic links to folders are not followed",
                                "upload_client: all/round: symbolic links to folders are not followed"])

    def test_a_symbolic_link_on_the_command_line_is_followed(self):
        self.make("elsewhere/a")
        (self.folder / "link").symlink_to("elsewhere")
        self.names_sent("link", expected=[(0, "link/a")])


class WhatCannotBeSent(Uploads):
    """Files that cannot be sent are reported, and the others are sent."""

    def test_a_fifo_is_reported(self):
        self.make("all/a")
        os.mkfifo(self.folder / "all/fifo")
        (self.folder / "all/gone").symlink_to("nowhere")
        output = self.names_sent("all", expected=[(0, "all/a")], status=1)
        self.assertEqual(output[0], "upload_client: all/fifo: not a file or folder")
        self.assertRegex(output[1], r"^upload_client: .*all/gone: no such file or directory$")

    def test_a_missing_file_is_reported(self):
        self.make("a")
        output = self.names_sent("nowhere", "a", expected=[(0, "a")], status=1)
        self.assertEqual(len(output), 1)
        self.assertRegex(output[0], r"^upload_client: .*nowhere: no such file or directory$")

    def test_an_invalid_name_is_reported(self):
        self.make("all/good")
        self.make("all/.upload-x")
        self.make("all/two\nlines")
        (self.folder / "all" / os.fsdecode(b"latin-\xe9")).write_bytes(b"")
        output = self.names_sent("all", expected=[(0, "all/good")], status=1)
        self.assertCountEqual(output, [
            "upload_client: all/.upload-x: a part of a name must not begin with .upload-",
            r"upload_client: all/two\nlines: a name must not contain control characters such as U+000A",
            r"upload_client: all/latin-\xe9: a name must be UTF-8"])

    def test_two_files_with_the_same_name_are_reported(self):
        self.make("x/a", b"1")
        self.make("y/a", b"2")
        output = self.names_sent("x/a", "y/a", "x/a", expected=[(0, "a")], status=1)
        self.assertEqual(output, ["upload_client: y/a: x/a has the same name on the server, a"])

    @unittest.skipIf(os.geteuid() == 0, "root may read all")
    def test_a_file_without_read_permission_is_reported(self):
        self.make("a")
        self.make("b").chmod(0)
        output = self.names_sent("a", "b", expected=[(0, "a")], status=1)
        self.assertEqual(output, ["upload_client: open b: permission denied"])

    def test_the_client_fails_if_no_file_can_be_sent(self):
        with ScriptedServer() as server:
            ended = self.upload(server, "nowhere")
            self.assertEqual((ended.returncode, ended.stdout), (1, b""))


class Verdicts(Uploads):
    def decided(self, code, text, *arguments):
        self.make("a", b"x" * 100)
        self.make("b", b"y")

        def talk(session):
            session.greet()
            a, b = session.read(), session.read()
            session.decide(a, code, text)
            session.take_in(b)
            session.part()

        with ScriptedServer(talk) as server:
            return self.upload(server, "a", "b", *arguments)

    def test_a_refused_file_is_reported_and_the_others_are_sent(self):
        for code, name in ((EXISTS, "exists"), (NO_SPACE, "no space"), (TAKEN_OVER, "taken over"), (99, "verdict 99")):
            with self.subTest(name):
                ended = self.decided(code, "for some reason")
                self.assertEqual((ended.returncode, ended.stderr.decode()),
                                 (1, f"upload_client: a: {name}: for some reason\n"))
                self.assertIn(b"b: stored, 1 byte\n1 of 2 files are on the server, ", ended.stdout)

    def test_quiet_prints_only_refusals(self):
        ended = self.decided(EXISTS, "for some reason", "--quiet")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                         (1, b"", b"upload_client: a: exists: for some reason\n"))

    def test_control_characters_from_the_server_are_escaped(self):
        ended = self.decided(EXISTS, "\x1b[2J\r\x07")
        self.assertEqual(ended.stderr.decode(), "upload_client: a: exists: \\x1b[2J\\r\\x07\n")

    def test_after_a_verdict_the_current_message_is_completed_and_no_more_data_is_sent(self):
        self.make_large("a", 50_000_000)
        self.make("b", b"y")

        def talk(session):
            session.greet(data_limit=4096)
            a, b = session.read(), session.read()
            session.want(a)
            sent = len(session.read().bytes)
            session.decide(a, NO_SPACE, "the disk is full")
            session.want(b)
            while isinstance(message := session.read(), Data) and message.id == a.id:
                self.assertEqual((message.offset, len(message.bytes)), (sent, 4096))
                sent += 4096
            self.assertEqual((message.id, message.bytes), (b.id, b"y"))
            self.assertLess(sent, a.size)
            session.decide(b)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a", "b")
            self.assertEqual((ended.returncode, ended.stderr),
                             (1, b"upload_client: a: no space: the disk is full\n"))


class FilesThatChange(Uploads):
    def test_a_file_that_is_truncated_before_it_is_sent_is_withdrawn(self):
        path = self.make("a", bytes(10_000))
        self.make("b", b"y")

        def talk(session):
            session.greet()
            a, b = session.read(), session.read()
            path.write_bytes(bytes(9_999))
            session.want(a)
            gone = session.read()
            self.assertIsInstance(gone, Withdrawal)
            self.assertEqual(gone.id, a.id)
            self.assertIn("truncated", gone.reason)
            session.take_in(b)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a", "b")
            self.assertEqual((ended.returncode, ended.stderr), (1, b"upload_client: a: the file was truncated during the upload\n"))

    def test_a_file_that_is_truncated_while_it_is_sent_is_withdrawn_after_the_current_message(self):
        path = self.make_large("a", 100_000_000)
        self.make("b", b"y")

        def talk(session):
            session.greet(data_limit=65536)
            a, b = session.read(), session.read()
            session.want(a)
            session.read()
            os.truncate(path, 70_000)  # most of it is not sent yet
            while isinstance(message := session.read(), Data):
                self.assertEqual(message.id, a.id)
            self.assertIsInstance(message, Withdrawal)
            session.take_in(b)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a", "b")
            self.assertEqual((ended.returncode, ended.stderr), (1, b"upload_client: a: the file was truncated during the upload\n"))

    def test_a_file_that_is_deleted_before_it_is_sent_is_withdrawn(self):
        path = self.make("a", b"x")

        def talk(session):
            session.greet()
            a = session.read()
            path.unlink()
            session.want(a)
            self.assertIsInstance(session.read(), Withdrawal)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a")
            self.assertEqual((ended.returncode, ended.stderr),
                             (1, b"upload_client: open a: no such file or directory\n"))


class InAPipe(Uploads):
    def test_progress_of_a_large_file_is_printed_periodically(self):
        self.make_large("large.iso", 40_000_000)

        def talk(session):
            session.greet(data_limit=1_000_000)
            offer = session.read()
            session.want(offer)
            received = len(session.read().bytes)
            client.result(TIMEOUT).wait_for(b"large.iso: ", "stdout")  # while the server does not read
            while received < offer.size:
                received += len(session.read().bytes)
            session.decide(offer)
            session.part()

        client = Future()
        with ScriptedServer(talk) as server:
            command = [path_of("upload_client"), "--port", str(server.port), "large.iso"]
            with Program(*command, cwd=self.folder) as program:
                client.set_result(program)
                status, output, errors = program.wait()
        self.assertEqual((status, errors), (0, b""))
        self.assertRegex(output.decode().splitlines()[0], r"^large\.iso: \d+\.\d MB of 40\.0 MB, \d+%$")
        self.assertEqual(output.decode().splitlines()[-2], "large.iso: stored, 40000000 bytes")


if __name__ == "__main__":
    unittest.main()
