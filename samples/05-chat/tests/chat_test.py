"""chat_server, tested with chat_client and with plain sockets."""

import socket
import threading
import unittest

from programs import TIMEOUT, Peer, Program, Server, path_of, receive_exactly
from chat_users import ChatUser


def client(server, *arguments):
    return Program(path_of("chat_client"), "--port", str(server.port), *arguments)


class Chat(unittest.TestCase):
    # The two programs

    def test_two_clients_exchange_messages(self):
        with Server("chat_server") as server, client(server, "alice") as alice:
            alice.wait_for(b"* you are in lobby, alone\n", "stdout")
            with client(server, "bob") as bob:
                bob.wait_for(b"* you are in lobby, with alice\n", "stdout")
                bob.write(b"hello\n")
                alice.wait_for(b"bob: hello\n", "stdout")
                alice.write("grüß dich, 你好\n".encode())
                bob.wait_for("alice: grüß dich, 你好\n".encode(), "stdout")
                bob.write(b"/quit\n")
                status, output, errors = bob.wait()
                self.assertEqual((status, errors), (0, b""))
                self.assertTrue(output.endswith(b"\n* bye\n"), output)
            alice.wait_for(b"* bob has left\n", "stdout")

    def test_a_script_can_pipe_lines_through_the_client(self):
        with Server("chat_server", "--rate", "0") as server, ChatUser(server, "alice", "tea") as alice:
            with client(server, "--room", "tea", "script") as script:
                sent = [f"line {i}" for i in range(500)]
                script.write("\n".join(sent).encode())  # the last one has no LF
                script.stdin.close()
                status, output, errors = script.wait()
            received = [f"script: {each}" for each in sent]
            self.assertEqual((status, errors), (0, b""))
            self.assertEqual(output.decode().splitlines(),
                             ["* you are script", "* you are in tea, with alice", *received, "* bye"])
            self.assertEqual(alice.wait_for(r"\* script has left"),
                             ["* script has joined", *received, "* script has left"])

    def test_the_client_escapes_control_characters_from_the_server(self):
        def talk(connection):
            receive_exactly(connection, len(b"/join lobby\n/nick alice\n"))
            connection.sendall(b"* welcome!\n* you are in lobby\n\x1b[2J \xe9\0\xe2\x80\xae\n* bye\n")

        with Peer(talk) as peer, client(peer, "alice") as alice:
            status, output, errors = alice.wait()
            self.assertEqual((status, errors), (0, b""))
            self.assertEqual(output, b"* you are in lobby\n" + rb"\x1b[2J \xe9\x00\xe2\x80\xae" + b"\n* bye\n")

    def test_the_client_fails_when_the_server_is_killed(self):
        with Server("chat_server") as server, client(server, "alice") as alice:
            alice.wait_for(b"* you are in lobby, alone\n", "stdout")
            server.kill()
            status, _, errors = alice.wait()
            self.assertEqual(status, 1)
            self.assertRegex(errors.decode(), rf"^chat_client: [^\n]*127\.0\.0\.1:{server.port}[^\n]*\n$")

    def test_the_client_fails_when_a_line_is_too_long(self):
        def talk(connection):
            connection.sendall(b"* welcome!\n" + b"x" * 100_000)
            connection.recv(1)

        with Peer(talk) as peer, client(peer, "alice") as alice:
            status, output, errors = alice.wait()
            self.assertEqual((status, output), (1, b""))
            self.assertIn(b"longer than the 8192 bytes allowed", errors)

    # Names

    def test_a_client_without_a_name_is_asked_for_one_and_cannot_send_messages(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server) as unnamed:
            for line in ("hello?", "/who", "/rooms", "/msg alice hello", "/nonsense"):
                unnamed.write(line)
                self.assertEqual(unnamed.line(), "* choose a name first: /nick NAME")
            self.assertEqual(alice.received_so_far(), [])

    def test_a_name_that_is_taken_is_rejected_whatever_its_case(self):
        with Server("chat_server") as server, ChatUser(server, "alice"), ChatUser(server) as other:
            for name in ("alice", "ALICE"):
                other.write("/nick " + name)
                self.assertEqual(other.line(), f"* the name {name} is taken; choose another one")
            other.write("/nick alice2")
            self.assertEqual(other.line(), "* you are alice2")

    def test_a_script_whose_name_is_taken_fails_and_sends_no_message(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, client(server, "alice") as script:
            script.write(b"hello\n")
            script.stdin.close()
            self.assertEqual(script.wait(), (1, b"* the name alice is taken; choose another one\n"
                                                b"* choose a name first: /nick NAME\n* bye\n",
                                             b"chat_client: 127.0.0.1:%d did not accept the name alice\n" % server.port))
            self.assertEqual(alice.received_so_far(), [])

    def test_a_name_can_be_taken_again_after_its_owner_has_left(self):
        with Server("chat_server") as server, ChatUser(server, "bob") as bob:
            with ChatUser(server, "alice"):
                bob.wait_for(r"\* alice has joined")
            bob.wait_for(r"\* alice has left")
            with ChatUser(server, "alice"):
                bob.wait_for(r"\* alice has joined")

    def test_invalid_names_are_rejected(self):
        with Server("chat_server") as server, ChatUser(server) as unnamed:
            for name in ("", "*", "two words", "a:", "a" * 21, "älice", "\u202ebob", "\x1b[1m", "/who"):
                for command in ("/nick ", "/join "):
                    unnamed.write(command + name)
                    self.assertEqual(unnamed.line(), "* a name has 1 to 20 characters: letters a to z, digits, - and _")

    def test_a_user_can_change_its_name(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            alice.write("/nick Alicia\nhello")
            self.assertEqual(bob.wait_for("Alicia: hello"), ["* alice is now Alicia", "Alicia: hello"])

    # Rooms

    def test_a_message_is_sent_only_to_its_room(self):
        with (Server("chat_server") as server, ChatUser(server, "alice") as alice,
              ChatUser(server, "bob", "tea") as bob, ChatUser(server, "carol") as carol):
            alice.write("hello")
            self.assertEqual(carol.line(), "alice: hello")
            self.assertEqual(bob.received_so_far(), [])
            carol.write("/join tea")
            bob.wait_for(r"\* carol has joined")
            self.assertEqual(carol.line(), "* you are in tea, with bob")
            alice.wait_for(r"\* carol has moved to tea")

    def test_the_commands_who_and_rooms_list_users_and_rooms(self):
        with (Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob"),
              ChatUser(server, "carol", "Tea")):
            alice.received_so_far()
            alice.write("/who")
            self.assertEqual(alice.line(), "* in lobby: alice and bob")
            alice.write("/rooms")
            self.assertEqual(alice.line(), "* rooms: lobby (2), Tea (1)")

    def test_a_new_member_receives_the_last_messages_of_the_room(self):
        with Server("chat_server", "--history", "3", "--rate", "0") as server, ChatUser(server, "alice") as alice:
            for i in range(5):
                alice.write(f"line {i}")
            alice.wait_for("alice: line 4")
            with ChatUser(server) as bob:
                bob.write("/nick bob")
                self.assertEqual(bob.wait_for(r"\* you are in .*"),
                                 ["* you are bob", "alice: line 2", "alice: line 3", "alice: line 4",
                                  "* you are in lobby, with alice"])

    def test_a_history_longer_than_the_queue_does_not_fill_the_queue(self):
        with (Server("chat_server", "--history", "100", "--queue", "8", "--rate", "0") as server,
              ChatUser(server, "alice") as alice):
            for i in range(20):
                alice.write(f"line {i}")
                alice.wait_for(f"alice: line {i}")
            with ChatUser(server) as bob:
                bob.write("/nick bob")
                self.assertEqual(bob.wait_for(r"\* you are in .*")[1:-1], [f"alice: line {i}" for i in range(16, 20)])

    def test_a_private_message_is_sent_only_to_its_recipient(self):
        with (Server("chat_server") as server, ChatUser(server, "alice") as alice,
              ChatUser(server, "bob", "tea") as bob, ChatUser(server, "carol") as carol):
            alice.wait_for(r"\* carol has joined")
            alice.write("/msg BOB  psst")
            self.assertEqual(alice.line(), "you to bob: psst")
            self.assertEqual(bob.line(), "alice to you: psst")
            alice.write("/msg nobody psst")
            self.assertEqual(alice.line(), "* there is no user named nobody")
            self.assertEqual(carol.received_so_far(), [])

    # Lines

    def test_help_lists_the_commands(self):
        with Server("chat_server") as server, ChatUser(server) as unnamed:
            unnamed.write("/help")
            help = "\n".join(unnamed.wait_for(r"\* Every other line .*"))
            for command in ("/nick NAME", "/join ROOM", "/who", "/rooms", "/msg NAME TEXT", "/help", "/quit"):
                self.assertIn(f"* {command} ", help)

    def test_an_unknown_command_is_reported_and_not_sent_to_the_room(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            bob.write("/wave")
            self.assertEqual(bob.line(), "* unknown command /wave; /help lists the commands")
            bob.write("//wave")
            self.assertEqual(alice.wait_for("bob: .*")[-1], "bob: /wave")

    def test_lines_may_end_with_lf_or_crlf_and_empty_lines_are_ignored(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice:
            alice.sendall(b"one\r\n\r\n\n\ntwo\n")
            self.assertEqual([alice.line(), alice.line()], ["alice: one", "alice: two"])

    def test_a_line_received_byte_by_byte_is_one_message(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            for byte in "häppchenweise\n".encode():
                alice.sendall(bytes([byte]))
            self.assertEqual(bob.line(), "alice: häppchenweise")

    # Joining and leaving

    def test_the_command_quit_closes_the_connection(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            bob.write("/quit")
            self.assertEqual(bob.rest(), ["* bye"])
            self.assertEqual(alice.wait_for(".*left.*"), ["* bob has joined", "* bob has left"])

    def test_a_user_that_shuts_down_its_sending_side_still_receives_its_messages(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob:
            bob.write("one\ntwo")
            bob.shutdown(socket.SHUT_WR)
            self.assertEqual(bob.rest(), ["bob: one", "bob: two", "* bye"])
            alice.wait_for(r"\* bob has left")

    def test_a_reset_connection_is_reported_to_the_room(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice:
            ChatUser(server, "bob").vanish()
            self.assertEqual(alice.wait_for(".*left.*")[-1], "* bob has left: connection lost")
            server.wait_for(b"disconnected: ", "stderr")

    def test_a_killed_client_is_reported_to_the_room(self):
        with Server("chat_server") as server, ChatUser(server, "alice") as alice:
            with client(server, "bob") as bob:
                alice.wait_for(r"\* bob has joined")
                bob.kill()
            alice.wait_for(r"\* bob has left(: connection lost)?")

    def test_an_idle_client_is_disconnected_after_the_idle_timeout(self):
        with Server("chat_server", "--idle-timeout", "0.2") as server, ChatUser(server) as unnamed:
            self.assertEqual(unnamed.rest(), [])
            server.wait_for(b"timed out\n", "stderr")

    def test_fault_19_replies_arrive_although_the_client_keeps_sending_after_quit(self):
        with Server("chat_server", "--rate", "0") as server:
            for _ in range(20):
                with ChatUser(server, "alice") as alice:
                    sent = [f"line {i}" for i in range(20)]
                    alice.write("\n".join(sent) + "\n/quit\n" + "unread\n" * 20_000)  # more than the server reads
                    self.assertEqual(alice.rest(), [*(f"alice: {each}" for each in sent), "* bye"])

    def test_a_connection_beyond_the_limit_is_closed_at_once(self):
        with Server("chat_server", "--max-connections", "1") as server, ChatUser(server, "alice"):
            with server.connect() as other:
                self.assertEqual(other.recv(1), b"")
            ended = client(server, "bob")
            with ended:
                status, output, errors = ended.wait()
            self.assertEqual((status, output), (1, b""))
            self.assertIn(b"chat_client: ", errors)

    # Order and rate limit

    def test_all_members_receive_the_same_messages_in_the_same_order(self):
        users, lines = 10, 100
        with Server("chat_server", "--rate", "0") as server:
            people = [ChatUser(server, f"guest{i}") for i in range(users)]
            speakers = [threading.Thread(target=lambda each=each: [each.write(f"{i}") for i in range(lines)])
                        for each in people]
            for speaker in speakers:
                speaker.start()
            received = []
            for each in people:
                sent = []
                while len(sent) < users * lines:
                    if ": " in (line := each.line()) and not line.startswith("*"):
                        sent.append(line)
                received.append(sent)
            for speaker in speakers:
                speaker.join(TIMEOUT)
            for each in people:
                each.close()
            for sent in received:
                self.assertEqual(sent, received[0])
            for i in range(users):
                own = [line for line in received[0] if line.startswith(f"guest{i}: ")]
                self.assertEqual(own, [f"guest{i}: {j}" for j in range(lines)])

    def test_lines_beyond_the_rate_limit_are_delayed_but_not_lost(self):
        with (Server("chat_server", "--rate", "20") as server, ChatUser(server, "alice") as alice,
              ChatUser(server, "bob") as bob):
            sent = [f"line {i}" for i in range(50)]
            alice.write("\n".join(sent))
            bob.write("and I?")
            received = bob.wait_for("alice: line 49")
            self.assertEqual([line for line in received if line.startswith("alice: ")],
                             [f"alice: {each}" for each in sent])
            self.assertLess(received.index("bob: and I?"), received.index("alice: line 49"))


if __name__ == "__main__":
    unittest.main()
