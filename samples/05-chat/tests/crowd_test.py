"""Many people at a time, some of whom do not read what they are told."""

import contextlib
import selectors
import time
import unittest

from programs import PATIENCE, Server
from talkers import LITTLE, LONG_LINE, MANY_LINES, SANITIZED, Talker


class Crowd(unittest.TestCase):
    def test_who_does_not_read_is_dropped_and_the_others_lose_nothing(self):
        with (Server("chat_server", "--queue", "100", "--rate", "0") as server,
              Talker(server, "alice") as alice, Talker(server, "bob") as bob,
              Talker(server, "sleeper", buffer=LITTLE) as sleeper):
            bob.wait_for(r"\* sleeper has come")
            said, heard, left = 0, [], False
            while not left and said < 20_000:
                alice.say(f"{said} " + "x" * 900)
                said += 1
                line = bob.line()
                left = line.startswith("* sleeper")
                heard.append(bob.line() if left else line)
            self.assertEqual([int(line.split()[1]) for line in heard], list(range(said)))
            self.assertEqual(line, "* sleeper has left: does not read what comes")
            server.wait_for(b"disconnected: does not read what comes\n", "stderr")
            with contextlib.suppress(ConnectionResetError):  # cut off, even in the middle of a line
                while sleeper.recv(65536):
                    pass

    def test_a_queue_is_bounded_in_bytes(self):
        with (Server("chat_server", "--queue", "100000", "--queue-size", "16k", "--write-timeout", "3600",
                     "--rate", "0") as server,
              Talker(server, "sleeper", buffer=LITTLE) as sleeper):
            line = b"/msg sleeper " + b"\xff" * 980 + b"\n"  # each byte is four when it is escaped, and is sent twice
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(4 * MANY_LINES):
                    sleeper.sendall(line)
            server.wait_for(b"disconnected: does not read what comes\n", "stderr")

    def test_fault_20_who_takes_nothing_is_dropped_after_the_write_timeout(self):
        with (Server("chat_server", "--queue", "100000", "--queue-size", "1G", "--write-timeout", "0.5", "--rate", "0") as server,
              Talker(server, "alice") as alice, Talker(server, "sleeper", buffer=LITTLE)):
            heard = []
            for _ in range(MANY_LINES):
                alice.say(LONG_LINE)
                heard += alice.wait_for(r"alice: .*")
            if not any(line.startswith("* sleeper has left") for line in heard):
                heard += alice.wait_for(r"\* sleeper has left.*")
            self.assertIn("* sleeper has left: does not read what comes", heard)

    def test_who_reads_slowly_but_reads_loses_nothing(self):
        lines = 2000
        with Server("chat_server", "--rate", "0") as server, Talker(server, "alice") as alice:
            with Talker(server, "slow", buffer=LITTLE) as slow:
                ahead = 0
                for i in range(lines):
                    alice.say(f"{i} " + "x" * 100)
                    ahead += 1
                    if ahead > 500:  # half of the queue, but for what the system keeps
                        self.assertTrue(slow.line().startswith(f"alice: {i - 500} "))
                for i in range(lines - 500, lines):
                    self.assertTrue(slow.line().startswith(f"alice: {i} "))

    def test_who_says_much_at_once_drops_nobody_who_reads(self):
        with (Server("chat_server", "--queue", "8", "--rate", "0") as server,
              Talker(server, "alice") as alice, Talker(server, "bob") as bob):
            alice.say("\n".join(str(i) for i in range(500)))  # in one piece, and far more than a queue holds
            for each in (alice, bob):
                heard = [line for line in each.wait_for("alice: 499") if line.startswith("alice: ")]
                self.assertEqual(heard, [f"alice: {i}" for i in range(500)])

    def test_five_hundred_people_of_whom_twenty_stop_reading(self):
        rooms, listeners, sleepers = (4, 10, 4) if SANITIZED else (10, 48, 20)
        rounds = 40
        with (Server("chat_server", "--rate", "0", "--queue", "50") as server, contextlib.ExitStack() as stack,
              selectors.DefaultSelector() as ears):
            speakers = []
            for room in range(rooms):
                people = [stack.enter_context(Talker(server, f"guest{i}-{room}", f"room{room}"))
                          for i in range(listeners)]
                speakers += people[:2]
                for each in people:
                    ears.register(each, selectors.EVENT_READ, Ear(room))
            for i in range(sleepers):
                stack.enter_context(Talker(server, f"sleeper{i}", f"room{i % rooms}", buffer=LITTLE))
            pest = stack.enter_context(Talker(server, "pest"))
            before = most = server.memory()

            for i in range(rounds):
                for speaker in speakers:
                    speaker.say(f"{i} " + "x" * 900)
                listen(ears, 2 * (i + 1))  # so that nobody sleeps but those who are to
                for j in range(sleepers):
                    pest.say("\n".join(20 * [f"/msg sleeper{j} {LONG_LINE}"]))
                    pest.told_at_once()
                most = max(most, server.memory())
            for j in range(sleepers):
                for _ in range(MANY_LINES // 20):
                    pest.say("\n".join(20 * [f"/msg sleeper{j} {LONG_LINE}"]))
                    if pest.told_at_once()[-1].startswith("* nobody is called"):
                        break
            server.wait_for(b"disconnected: does not read what comes\n", "stderr", sleepers)

            of_room = {}
            for ear in (key.data for key in ears.get_map().values()):
                self.assertEqual(ear.said(), of_room.setdefault(ear.room, ear.said()))
            for room, said in of_room.items():
                self.assertEqual(len(said), 2 * rounds)
                for i in range(2):
                    name = f"guest{i}-{room}: "
                    self.assertEqual([line.split()[1] for line in said if line.startswith(name)],
                                     [str(j) for j in range(rounds)])
            if not SANITIZED:
                self.assertLess(most - before, 8 << 20)


class Ear:
    """What one person in a room has heard."""

    def __init__(self, room):
        self.room = room
        self.heard = bytearray()
        self.lines = 0

    def hear(self, part):
        self.heard += part
        self.lines += part.count(b": ") - part.count(b"left: ")

    def said(self):
        return [line for line in self.heard.decode().splitlines() if line[0] != "*"]


def listen(ears, lines):
    """Until everybody has heard so many."""
    give_up_at = time.monotonic() + PATIENCE
    while any(key.data.lines < lines for key in ears.get_map().values()):
        if time.monotonic() > give_up_at:
            raise AssertionError("not everybody has heard everything in time")
        for key, _ in ears.select(1):
            key.data.hear(key.fileobj.recv(1 << 20))


if __name__ == "__main__":
    unittest.main()
