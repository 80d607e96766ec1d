"""Many concurrent clients of an echo server."""

import asyncio

from programs import TIMEOUT


def echo_concurrently(port, clients, rounds):
    """Connects all clients, then exchanges `rounds` messages with each; a wrong reply raises AssertionError."""
    asyncio.run(asyncio.wait_for(_echo(port, clients, rounds), TIMEOUT))


async def _echo(port, clients, rounds):
    connected, all_connected = 0, asyncio.Event()

    async def run_client(index):
        nonlocal connected
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connected += 1
        if connected == clients:
            all_connected.set()
        await all_connected.wait()
        for i in range(rounds):
            message = b"%d of client %d" % (i, index) * (1 + index % 50)
            writer.write(message)
            reply = await reader.readexactly(len(message))
            assert reply == message, f"{reply!r} instead of {message!r}"
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(run_client(index) for index in range(clients)))
