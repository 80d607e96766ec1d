"""Many clients at once, of whatever sends back what it is sent."""

import asyncio

from programs import PATIENCE


def talk_all_at_once(port, clients, rounds):
    """Connects all clients, then has each send and get back `rounds` messages; a wrong answer is an AssertionError."""
    asyncio.run(asyncio.wait_for(_talk(port, clients, rounds), PATIENCE))


async def _talk(port, clients, rounds):
    connected, everyone = 0, asyncio.Event()

    async def one(index):
        nonlocal connected
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connected += 1
        if connected == clients:
            everyone.set()
        await everyone.wait()
        for i in range(rounds):
            message = b"%d of client %d" % (i, index) * (1 + index % 50)
            writer.write(message)
            answer = await reader.readexactly(len(message))
            assert answer == message, f"{answer!r} instead of {message!r}"
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one(index) for index in range(clients)))
