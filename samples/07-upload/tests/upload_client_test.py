"""upload_client against a server that does what it should: what is sent, and what is said about it."""

import os
import unittest
from concurrent.futures import Future

from programs import PATIENCE, Program, path_of
from scripted_server import ALREADY_THERE, EXISTS, NO_SPACE, TAKEN_OVER, Data, End, Offer, ScriptedServer, Withdrawal
from uploads import Uploads


class WhatIsSent(Uploads):
    def test_a_file_comes_with_its_size_digest_and_contents(self):
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

    def test_an_empty_file_and_an_empty_folder(self):
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

    def test_what_is_there_already_is_not_sent(self):
        self.make("a", b"x")

        def talk(session):
            session.greet()
            session.decide(session.read(), ALREADY_THERE)
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, "a"), "a: already there, 1 byte")

    def test_a_file_goes_on_where_an_earlier_try_has_ended(self):
        contents = os.urandom(100_000)
        self.make("a", contents)

        def talk(session):
            session.greet()
            self.assertEqual(session.take_in(session.read(), 32_768), contents[32_768:])
            session.part()

        with ScriptedServer(talk) as server:
            self.assert_all_there(self.upload(server, "a"), "a: stored, 100000 bytes")

    def test_no_message_has_more_data_than_the_server_takes(self):
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

    def test_no_more_is_offered_than_the_window_allows_and_as_much(self):
        for i in range(7):
            self.make(f"all/{i}", b"x")

        def talk(session):
            session.greet(window=3)
            offers = [session.read() for _ in range(3)]
            session.connection.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                session.read()
            session.connection.settimeout(PATIENCE)
            for _ in range(4):
                session.decide(offers.pop())  # in any order
                offers.append(session.read())
            for offer in offers:
                session.decide(offer)
            session.part()

        with ScriptedServer(talk) as server:
            self.assertEqual(self.upload(server, "all").returncode, 0)

    def test_files_are_offered_while_another_one_is_sent(self):
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

    def test_very_many_files(self):
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
    def test_paths_within_a_folder_are_kept(self):
        self.make("photos/a.jpg")
        self.make("photos/2024/b.jpg")
        expected = [(0, "photos/2024/b.jpg"), (0, "photos/a.jpg")]
        for path in ("photos", "photos/", "./photos", self.folder / "photos", f"{self.folder}/photos//"):
            with self.subTest(path):
                self.names_sent(path, expected=expected)

    def test_the_working_folder_has_no_name(self):
        self.make("a")
        self.make("sub/b")
        for path in (".", "./", "sub/.."):
            with self.subTest(path):
                self.names_sent(path, expected=[(0, "a"), (0, "sub/b")])

    def test_a_file_has_its_own_name(self):
        self.make("deep/down/a")
        self.names_sent("deep/down/a", expected=[(0, "a")])

    def test_into_a_folder(self):
        self.make("sub/a")
        self.names_sent("--into", "x/y/", "sub", expected=[(0, "x/y/sub/a")])
        self.names_sent("--into", "x", ".", expected=[(0, "x/sub/a")])

    def test_files_that_may_be_executed(self):
        self.make("tool").chmod(0o755)
        self.names_sent("tool", expected=[(1, "tool")])

    def test_names_in_any_script(self):
        names = ["\u4f60\u597d.txt", "na\u00efve", "\u05e9\u05dc\u05d5\u05dd", "with space", "\U0001f44d"]
        for name in names:
            self.make(f"all/{name}")
        self.names_sent("all", expected=[(0, f"all/{name}") for name in names])

    def test_links_to_files_are_followed_and_those_to_folders_are_not(self):
        self.make("elsewhere/target", b"x")
        (self.folder / "all").mkdir()
        (self.folder / "all/file").symlink_to("../elsewhere/target")
        (self.folder / "all/folder").symlink_to("../elsewhere")
        (self.folder / "all/round").symlink_to(".")
        said = self.names_sent("all", expected=[(0, "all/file")], status=1)
        self.assertEqual(said, ["upload_client: all/folder: a link to a folder is not followed",
                                "upload_client: all/round: a link to a folder is not followed"])

    def test_a_link_that_is_named_is_followed(self):
        self.make("elsewhere/a")
        (self.folder / "link").symlink_to("elsewhere")
        self.names_sent("link", expected=[(0, "link/a")])


class WhatCannotBeSent(Uploads):
    """Each is told, and the others go on."""

    def test_what_is_no_file(self):
        self.make("all/a")
        os.mkfifo(self.folder / "all/fifo")
        (self.folder / "all/gone").symlink_to("nowhere")
        said = self.names_sent("all", expected=[(0, "all/a")], status=1)
        self.assertEqual(said[0], "upload_client: all/fifo: this is neither a file nor a folder")
        self.assertRegex(said[1], r"^upload_client: .*all/gone: no such file or directory$")

    def test_what_is_not_there(self):
        self.make("a")
        said = self.names_sent("nowhere", "a", expected=[(0, "a")], status=1)
        self.assertEqual(len(said), 1)
        self.assertRegex(said[0], r"^upload_client: .*nowhere: no such file or directory$")

    def test_names_that_no_server_takes(self):
        self.make("all/good")
        self.make("all/.upload-x")
        self.make("all/two\nlines")
        (self.folder / "all" / os.fsdecode(b"latin-\xe9")).write_bytes(b"")
        said = self.names_sent("all", expected=[(0, "all/good")], status=1)
        self.assertCountEqual(said, [
            "upload_client: all/.upload-x: a part of a name must not begin with .upload-",
            r"upload_client: all/two\nlines: a name must not have control characters, as U+000A is",
            r"upload_client: all/latin-\xe9: a name must be UTF-8"])

    def test_two_files_of_one_name(self):
        self.make("x/a", b"1")
        self.make("y/a", b"2")
        said = self.names_sent("x/a", "y/a", "x/a", expected=[(0, "a")], status=1)
        self.assertEqual(said, ["upload_client: y/a: x/a has the same name, a"])

    @unittest.skipIf(os.geteuid() == 0, "root may read all")
    def test_what_may_not_be_read(self):
        self.make("a")
        self.make("b").chmod(0)
        said = self.names_sent("a", "b", expected=[(0, "a")], status=1)
        self.assertEqual(said, ["upload_client: open b: permission denied"])

    def test_nothing_that_can_be_sent(self):
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

    def test_a_refusal_is_told_and_the_others_go_on(self):
        for code, name in ((EXISTS, "exists"), (NO_SPACE, "no space"), (TAKEN_OVER, "taken over"), (99, "verdict 99")):
            with self.subTest(name):
                ended = self.decided(code, "for some reason")
                self.assertEqual((ended.returncode, ended.stderr.decode()),
                                 (1, f"upload_client: a: {name}: for some reason\n"))
                self.assertIn(b"b: stored, 1 byte\n1 of 2 files are there, ", ended.stdout)

    def test_quiet_tells_refusals_only(self):
        ended = self.decided(EXISTS, "for some reason", "--quiet")
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                         (1, b"", b"upload_client: a: exists: for some reason\n"))

    def test_what_the_server_says_does_no_harm_to_a_terminal(self):
        ended = self.decided(EXISTS, "\x1b[2J\r\x07")
        self.assertEqual(ended.stderr.decode(), "upload_client: a: exists: \\x1b[2J\\r\\x07\n")

    def test_a_verdict_ends_what_is_being_sent_with_the_message(self):
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
    def test_one_that_becomes_shorter_before_it_is_sent_is_withdrawn(self):
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
            self.assertIn("shorter", gone.reason)
            session.take_in(b)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a", "b")
            self.assertEqual((ended.returncode, ended.stderr), (1, b"upload_client: a: it has become shorter\n"))

    def test_one_that_becomes_shorter_while_it_is_sent_is_withdrawn_between_messages(self):
        path = self.make_large("a", 100_000_000)
        self.make("b", b"y")

        def talk(session):
            session.greet(data_limit=65536)
            a, b = session.read(), session.read()
            session.want(a)
            session.read()
            os.truncate(path, 70_000)  # nearly all is still to be sent
            while isinstance(message := session.read(), Data):
                self.assertEqual(message.id, a.id)
            self.assertIsInstance(message, Withdrawal)
            session.take_in(b)
            session.part()

        with ScriptedServer(talk) as server:
            ended = self.upload(server, "a", "b")
            self.assertEqual((ended.returncode, ended.stderr), (1, b"upload_client: a: it has become shorter\n"))

    def test_one_that_is_gone_is_withdrawn(self):
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
    def test_of_a_large_file_there_is_a_line_now_and_then(self):
        self.make_large("large.iso", 40_000_000)

        def talk(session):
            session.greet(data_limit=1_000_000)
            offer = session.read()
            session.want(offer)
            received = len(session.read().bytes)
            client.result(PATIENCE).wait_for(b"large.iso: ", "stdout")  # while nothing is read
            while received < offer.size:
                received += len(session.read().bytes)
            session.decide(offer)
            session.part()

        client = Future()
        with ScriptedServer(talk) as server:
            command = [path_of("upload_client"), "--port", str(server.port), "large.iso"]
            with Program(*command, cwd=self.folder) as program:
                client.set_result(program)
                status, said, complaints = program.wait()
        self.assertEqual((status, complaints), (0, b""))
        self.assertRegex(said.decode().splitlines()[0], r"^large\.iso: \d+\.\d MB of 40\.0 MB, \d+%$")
        self.assertEqual(said.decode().splitlines()[-2], "large.iso: stored, 40000000 bytes")


if __name__ == "__main__":
    unittest.main()
