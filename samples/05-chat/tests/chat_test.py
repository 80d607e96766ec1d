"""What chat_server and chat_client do for each other, and for those who come with other programs."""

import socket
import threading
import unittest

from programs import PATIENCE, Peer, Program, Server, path_of, receive_exactly
from talkers import Talker


def client(server, *arguments):
    return Program(path_of("chat_client"), "--port", str(server.port), *arguments)


class Chat(unittest.TestCase):
    # Two programs

    def test_two_clients_talk(self):
        with Server("chat_server") as server, client(server, "alice") as alice:
            alice.wait_for(b"* you are in lobby, alone\n", "stdout")
            with client(server, "bob") as bob:
                bob.wait_for(b"* you are in lobby, with alice\n", "stdout")
                bob.say(b"hello\n")
                alice.wait_for(b"bob: hello\n", "stdout")
                alice.say("grüß dich, 你好\n".encode())
                bob.wait_for("alice: grüß dich, 你好\n".encode(), "stdout")
                bob.say(b"/quit\n")
                status, output, complaints = bob.wait()
                self.assertEqual((status, complaints), (0, b""))
                self.assertTrue(output.endswith(b"\n* bye\n"), output)
            alice.wait_for(b"* bob has left\n", "stdout")

    def test_what_a_script_says_is_heard_and_all_it_hears_is_printed(self):
        with Server("chat_server", "--rate", "0") as server, Talker(server, "alice", "tea") as alice:
            with client(server, "--room", "tea", "script") as script:
                said = [f"line {i}" for i in range(500)]
                script.say("\n".join(said).encode())  # the last one has no end
                script.stdin.close()
                status, output, complaints = script.wait()
            heard = [f"script: {each}" for each in said]
            self.assertEqual((status, complaints), (0, b""))
            self.assertEqual(output.decode().splitlines(),
                             ["* you are script", "* you are in tea, with alice", *heard, "* bye"])
            self.assertEqual(alice.wait_for(r"\* script has left"), ["* script has come", *heard, "* script has left"])

    def test_the_client_prints_nothing_that_could_harm_a_terminal(self):
        def talk(connection):
            receive_exactly(connection, len(b"/join lobby\n/nick alice\n"))
            connection.sendall(b"* welcome!\n* you are in lobby\n\x1b[2J \xe9\0\xe2\x80\xae\n* bye\n")

        with Peer(talk) as peer, client(peer, "alice") as alice:
            status, output, complaints = alice.wait()
            self.assertEqual((status, complaints), (0, b""))
            self.assertEqual(output, b"* you are in lobby\n" + rb"\x1b[2J \xe9\x00\xe2\x80\xae" + b"\n* bye\n")

    def test_the_client_fails_when_the_server_does_not_say_goodbye(self):
        with Server("chat_server") as server, client(server, "alice") as alice:
            alice.wait_for(b"* you are in lobby, alone\n", "stdout")
            server.kill()
            status, _, complaints = alice.wait()
            self.assertEqual(status, 1)
            self.assertRegex(complaints.decode(), rf"^chat_client: [^\n]*127\.0\.0\.1:{server.port}[^\n]*\n$")

    def test_the_client_fails_when_lines_do_not_end(self):
        def talk(connection):
            connection.sendall(b"* welcome!\n" + b"x" * 100_000)
            connection.recv(1)

        with Peer(talk) as peer, client(peer, "alice") as alice:
            status, output, complaints = alice.wait()
            self.assertEqual((status, output), (1, b""))
            self.assertIn(b"longer than the 8192 bytes allowed", complaints)

    # Names

    def test_a_stranger_is_asked_for_a_name_and_heard_by_nobody(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server) as stranger:
            for line in ("hello?", "/who", "/rooms", "/msg alice hello", "/nonsense"):
                stranger.say(line)
                self.assertEqual(stranger.line(), "* first say who you are: /nick NAME")
            self.assertEqual(alice.told_at_once(), [])

    def test_a_name_that_somebody_has_is_refused_in_any_case(self):
        with Server("chat_server") as server, Talker(server, "alice"), Talker(server) as other:
            for name in ("alice", "ALICE"):
                other.say("/nick " + name)
                self.assertEqual(other.line(), f"* somebody else is called {name}: take another name")
            other.say("/nick alice2")
            self.assertEqual(other.line(), "* you are alice2")

    def test_a_script_whose_name_is_taken_fails_and_says_nothing(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, client(server, "alice") as script:
            script.say(b"hello\n")
            script.stdin.close()
            self.assertEqual(script.wait(), (1, b"* somebody else is called alice: take another name\n"
                                                b"* first say who you are: /nick NAME\n* bye\n",
                                             b"chat_client: 127.0.0.1:%d did not let alice in\n" % server.port))
            self.assertEqual(alice.told_at_once(), [])

    def test_a_name_is_free_again_when_its_owner_has_left(self):
        with Server("chat_server") as server, Talker(server, "bob") as bob:
            with Talker(server, "alice"):
                bob.wait_for(r"\* alice has come")
            bob.wait_for(r"\* alice has left")
            with Talker(server, "alice"):
                bob.wait_for(r"\* alice has come")

    def test_names_that_could_be_mistaken_are_refused(self):
        with Server("chat_server") as server, Talker(server) as stranger:
            for name in ("", "*", "two words", "a:", "a" * 21, "älice", "\u202ebob", "\x1b[1m", "/who"):
                for command in ("/nick ", "/join "):
                    stranger.say(command + name)
                    self.assertEqual(stranger.line(), "* a name has 1 to 20 letters from a to z, digits, - and _")

    def test_who_takes_another_name_is_known_by_it(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            alice.say("/nick Alicia\nhello")
            self.assertEqual(bob.wait_for("Alicia: hello"), ["* alice is now Alicia", "Alicia: hello"])

    # Rooms

    def test_what_is_said_stays_in_the_room(self):
        with (Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob", "tea") as bob,
              Talker(server, "carol") as carol):
            alice.say("hello")
            self.assertEqual(carol.line(), "alice: hello")
            self.assertEqual(bob.told_at_once(), [])
            carol.say("/join tea")
            bob.wait_for(r"\* carol has come")
            self.assertEqual(carol.line(), "* you are in tea, with bob")
            alice.wait_for(r"\* carol has gone to tea")

    def test_who_and_rooms_tell_who_is_where(self):
        with (Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob"),
              Talker(server, "carol", "Tea")):
            alice.told_at_once()
            alice.say("/who")
            self.assertEqual(alice.line(), "* in lobby: alice and bob")
            alice.say("/rooms")
            self.assertEqual(alice.line(), "* rooms: lobby (2), Tea (1)")

    def test_who_comes_later_hears_the_last_that_was_said(self):
        with Server("chat_server", "--history", "3", "--rate", "0") as server, Talker(server, "alice") as alice:
            for i in range(5):
                alice.say(f"line {i}")
            alice.wait_for("alice: line 4")
            with Talker(server) as bob:
                bob.say("/nick bob")
                self.assertEqual(bob.wait_for(r"\* you are in .*"),
                                 ["* you are bob", "alice: line 2", "alice: line 3", "alice: line 4",
                                  "* you are in lobby, with alice"])

    def test_a_history_that_is_longer_than_the_queue_does_not_fill_it(self):
        with (Server("chat_server", "--history", "100", "--queue", "8", "--rate", "0") as server,
              Talker(server, "alice") as alice):
            for i in range(20):
                alice.say(f"line {i}")
                alice.wait_for(f"alice: line {i}")
            with Talker(server) as bob:
                bob.say("/nick bob")
                self.assertEqual(bob.wait_for(r"\* you are in .*")[1:-1], [f"alice: line {i}" for i in range(16, 20)])

    def test_a_word_to_one_person_is_heard_by_nobody_else(self):
        with (Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob", "tea") as bob,
              Talker(server, "carol") as carol):
            alice.wait_for(r"\* carol has come")
            alice.say("/msg BOB  psst")
            self.assertEqual(alice.line(), "you to bob: psst")
            self.assertEqual(bob.line(), "alice to you: psst")
            alice.say("/msg nobody psst")
            self.assertEqual(alice.line(), "* nobody is called nobody")
            self.assertEqual(carol.told_at_once(), [])

    # Lines

    def test_help_lists_the_commands(self):
        with Server("chat_server") as server, Talker(server) as stranger:
            stranger.say("/help")
            help = "\n".join(stranger.wait_for(r"\* All else .*"))
            for command in ("/nick NAME", "/join ROOM", "/who", "/rooms", "/msg NAME TEXT", "/help", "/quit"):
                self.assertIn(f"* {command} ", help)

    def test_a_command_that_is_none_is_not_said(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            bob.say("/wave")
            self.assertEqual(bob.line(), "* there is no /wave; /help lists what there is")
            bob.say("//wave")
            self.assertEqual(alice.wait_for("bob: .*")[-1], "bob: /wave")

    def test_lines_end_as_they_do_on_any_system_and_empty_ones_are_none(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice:
            alice.sendall(b"one\r\n\r\n\n\ntwo\n")
            self.assertEqual([alice.line(), alice.line()], ["alice: one", "alice: two"])

    def test_a_line_in_pieces_is_one_line(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            for byte in "häppchenweise\n".encode():
                alice.sendall(bytes([byte]))
            self.assertEqual(bob.line(), "alice: häppchenweise")

    # Coming and going

    def test_who_quits_leaves(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            bob.say("/quit")
            self.assertEqual(bob.rest(), ["* bye"])
            self.assertEqual(alice.wait_for(".*left.*"), ["* bob has come", "* bob has left"])

    def test_who_ends_the_stream_leaves_and_is_told_what_was_still_said(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice, Talker(server, "bob") as bob:
            bob.say("one\ntwo")
            bob.shutdown(socket.SHUT_WR)
            self.assertEqual(bob.rest(), ["bob: one", "bob: two", "* bye"])
            alice.wait_for(r"\* bob has left")

    def test_who_is_lost_is_missed(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice:
            Talker(server, "bob").vanish()
            self.assertEqual(alice.wait_for(".*left.*")[-1], "* bob has left: connection lost")
            server.wait_for(b"disconnected: ", "stderr")

    def test_who_dies_is_missed(self):
        with Server("chat_server") as server, Talker(server, "alice") as alice:
            with client(server, "bob") as bob:
                alice.wait_for(r"\* bob has come")
                bob.kill()
            alice.wait_for(r"\* bob has left(: connection lost)?")

    def test_who_is_silent_for_too_long_is_sent_away(self):
        with Server("chat_server", "--idle-timeout", "0.2") as server, Talker(server) as stranger:
            self.assertEqual(stranger.rest(), [])
            server.wait_for(b"timed out\n", "stderr")

    def test_fault_19_who_has_more_to_say_when_leaving_misses_no_reply(self):
        with Server("chat_server", "--rate", "0") as server:
            for _ in range(20):
                with Talker(server, "alice") as alice:
                    said = [f"line {i}" for i in range(20)]
                    alice.say("\n".join(said) + "\n/quit\n" + "unheard\n" * 20_000)  # more than it reads
                    self.assertEqual(alice.rest(), [*(f"alice: {each}" for each in said), "* bye"])

    def test_one_connection_more_than_the_limit_is_closed_at_once(self):
        with Server("chat_server", "--max-connections", "1") as server, Talker(server, "alice"):
            with server.connect() as other:
                self.assertEqual(other.recv(1), b"")
            ended = client(server, "bob")
            with ended:
                status, output, complaints = ended.wait()
            self.assertEqual((status, output), (1, b""))
            self.assertIn(b"chat_client: ", complaints)

    # Order, and pace

    def test_all_hear_the_same_in_the_same_order(self):
        talkers, lines = 10, 100
        with Server("chat_server", "--rate", "0") as server:
            people = [Talker(server, f"guest{i}") for i in range(talkers)]
            speakers = [threading.Thread(target=lambda each=each: [each.say(f"{i}") for i in range(lines)])
                        for each in people]
            for speaker in speakers:
                speaker.start()
            heard = []
            for each in people:
                said = []
                while len(said) < talkers * lines:
                    if ": " in (line := each.line()) and not line.startswith("*"):
                        said.append(line)
                heard.append(said)
            for speaker in speakers:
                speaker.join(PATIENCE)
            for each in people:
                each.close()
            for said in heard:
                self.assertEqual(said, heard[0])
            for i in range(talkers):
                own = [line for line in heard[0] if line.startswith(f"guest{i}: ")]
                self.assertEqual(own, [f"guest{i}: {j}" for j in range(lines)])

    def test_who_talks_too_fast_is_heard_later_but_heard(self):
        with (Server("chat_server", "--rate", "20") as server, Talker(server, "alice") as alice,
              Talker(server, "bob") as bob):
            said = [f"line {i}" for i in range(50)]
            alice.say("\n".join(said))
            bob.say("and I?")
            heard = bob.wait_for("alice: line 49")
            self.assertEqual([line for line in heard if line.startswith("alice: ")],
                             [f"alice: {each}" for each in said])
            self.assertLess(heard.index("bob: and I?"), heard.index("alice: line 49"))


if __name__ == "__main__":
    unittest.main()
