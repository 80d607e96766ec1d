"""Many concurrent users, some of which do not read."""

import contextlib
import selectors
import time
import unittest

from programs import TIMEOUT, Server
from chat_users import SMALL_BUFFER, LONG_LINE, MANY_LINES, SANITIZED, ChatUser


class Crowd(unittest.TestCase):
    def test_a_user_that_does_not_read_is_dropped_and_the_others_lose_nothing(self):
        with (Server("chat_server", "--queue", "100", "--rate", "0") as server,
              ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob,
              ChatUser(server, "sleeper", buffer=SMALL_BUFFER) as sleeper):
            bob.wait_for(r"\* sleeper has joined")
            sent, received, left = 0, [], False
            while not left and sent < 20_000:
                alice.write(f"{sent} " + "x" * 900)
                sent += 1
                line = bob.line()
                left = line.startswith("* sleeper")
                received.append(bob.line() if left else line)
            self.assertEqual([int(line.split()[1]) for line in received], list(range(sent)))
            self.assertEqual(line, "* sleeper has left: reads too slowly")
            server.wait_for(b"disconnected: reads too slowly\n", "stderr")
            with contextlib.suppress(ConnectionResetError):  # dropped, possibly in the middle of a line
                while sleeper.recv(65536):
                    pass

    def test_a_queue_is_limited_in_bytes(self):
        with (Server("chat_server", "--queue", "100000", "--queue-size", "16k", "--write-timeout", "3600",
                     "--rate", "0") as server,
              ChatUser(server, "sleeper", buffer=SMALL_BUFFER) as sleeper):
            line = b"/msg sleeper " + b"\xff" * 980 + b"\n"  # each byte is escaped to four bytes, and sent twice
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(4 * MANY_LINES):
                    sleeper.sendall(line)
            server.wait_for(b"disconnected: reads too slowly\n", "stderr")

    def test_fault_20_a_user_that_accepts_no_data_is_dropped_after_the_write_timeout(self):
        with (Server("chat_server", "--queue", "100000", "--queue-size", "1G", "--write-timeout", "0.5",
                     "--rate", "0") as server,
              ChatUser(server, "alice") as alice, ChatUser(server, "sleeper", buffer=SMALL_BUFFER)):
            received = []
            for _ in range(MANY_LINES):
                alice.write(LONG_LINE)
                received += alice.wait_for(r"alice: .*")
            if not any(line.startswith("* sleeper has left") for line in received):
                received += alice.wait_for(r"\* sleeper has left.*")
            self.assertIn("* sleeper has left: reads too slowly", received)

    def test_a_user_that_reads_slowly_loses_nothing(self):
        lines = 2000
        with Server("chat_server", "--rate", "0") as server, ChatUser(server, "alice") as alice:
            with ChatUser(server, "slow", buffer=SMALL_BUFFER) as slow:
                ahead = 0
                for i in range(lines):
                    alice.write(f"{i} " + "x" * 100)
                    ahead += 1
                    if ahead > 500:  # half of the queue, without the socket buffers
                        self.assertTrue(slow.line().startswith(f"alice: {i - 500} "))
                for i in range(lines - 500, lines):
                    self.assertTrue(slow.line().startswith(f"alice: {i} "))

    def test_many_lines_in_one_segment_do_not_overflow_the_queues_of_users_that_read(self):
        with (Server("chat_server", "--queue", "8", "--rate", "0") as server,
              ChatUser(server, "alice") as alice, ChatUser(server, "bob") as bob):
            alice.write("\n".join(str(i) for i in range(500)))  # one segment, with far more lines than a queue holds
            for each in (alice, bob):
                received = [line for line in each.wait_for("alice: 499") if line.startswith("alice: ")]
                self.assertEqual(received, [f"alice: {i}" for i in range(500)])

    def test_five_hundred_users_of_which_twenty_stop_reading(self):
        rooms, listeners, sleepers = (4, 10, 4) if SANITIZED else (10, 48, 20)
        rounds = 40
        with (Server("chat_server", "--rate", "0", "--queue", "50") as server, contextlib.ExitStack() as stack,
              selectors.DefaultSelector() as readers):
            speakers = []
            for room in range(rooms):
                people = [stack.enter_context(ChatUser(server, f"guest{i}-{room}", f"room{room}"))
                          for i in range(listeners)]
                speakers += people[:2]
                for each in people:
                    readers.register(each, selectors.EVENT_READ, Transcript(room))
            for i in range(sleepers):
                stack.enter_context(ChatUser(server, f"sleeper{i}", f"room{i % rooms}", buffer=SMALL_BUFFER))
            attacker = stack.enter_context(ChatUser(server, "attacker"))
            before = most = server.memory()

            for i in range(rounds):
                for speaker in speakers:
                    speaker.write(f"{i} " + "x" * 900)
                read_all(readers, 2 * (i + 1))  # so that only the sleepers stop reading
                for j in range(sleepers):
                    attacker.write("\n".join(20 * [f"/msg sleeper{j} {LONG_LINE}"]))
                    attacker.received_so_far()
                most = max(most, server.memory())
            for j in range(sleepers):
                for _ in range(MANY_LINES // 20):
                    attacker.write("\n".join(20 * [f"/msg sleeper{j} {LONG_LINE}"]))
                    if attacker.received_so_far()[-1].startswith("* there is no user named"):
                        break
            server.wait_for(b"disconnected: reads too slowly\n", "stderr", sleepers)

            of_room = {}
            for transcript in (key.data for key in readers.get_map().values()):
                self.assertEqual(transcript.messages(), of_room.setdefault(transcript.room, transcript.messages()))
            for room, sent in of_room.items():
                self.assertEqual(len(sent), 2 * rounds)
                for i in range(2):
                    name = f"guest{i}-{room}: "
                    self.assertEqual([line.split()[1] for line in sent if line.startswith(name)],
                                     [str(j) for j in range(rounds)])
            if not SANITIZED:
                self.assertLess(most - before, 8 << 20)


class Transcript:
    """What one user in a room has received."""

    def __init__(self, room):
        self.room = room
        self.received = bytearray()
        self.lines = 0

    def add(self, part):
        self.received += part
        self.lines += part.count(b": ") - part.count(b"left: ")

    def messages(self):
        return [line for line in self.received.decode().splitlines() if line[0] != "*"]


def read_all(readers, lines):
    """Reads until every user has received `lines` messages."""
    give_up_at = time.monotonic() + TIMEOUT
    while any(key.data.lines < lines for key in readers.get_map().values()):
        if time.monotonic() > give_up_at:
            raise AssertionError("not all users received all messages in time")
        for key, _ in readers.select(1):
            key.data.add(key.fileobj.recv(1 << 20))


if __name__ == "__main__":
    unittest.main()
