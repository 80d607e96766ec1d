"""An upload server whose behaviour, correct or not, is scripted by a test. Written from docs/upload-protocol.md."""

import socket
import struct
import threading

from programs import TIMEOUT, receive_exactly

GREETING = b"STRAITUP"
ALIVE, END = b"\x06", b"\x05"
STORED, ALREADY_THERE, EXISTS, NO_SPACE, WRONG_CONTENTS, TAKEN_OVER = 0, 1, 17, 19, 21, 22


class Offer:
    def __init__(self, fields):
        self.id, self.kind, self.size, self.digest = struct.unpack(">IBQ16s", fields[:29])
        self.name = fields[29:].decode()


class Data:
    def __init__(self, fields, connection):
        self.id, self.offset, count = struct.unpack(">IQI", fields)
        self.bytes = receive_exactly(connection, count)


class Withdrawal:
    def __init__(self, fields):
        self.id, self.reason = struct.unpack(">I", fields[:4])[0], fields[4:].decode()


class End:
    pass


class Session:
    """One connection: reads the client's messages and sends messages to it."""

    def __init__(self, connection):
        self.connection = connection

    def greet(self, window=32, data_limit=65536, size_limit=2**64 - 1, version=1):
        assert receive_exactly(self.connection, 8) == GREETING
        assert self._read_frame() == b"\x01\x00\x01"
        self.write(GREETING)
        self.send(b"\x81" + struct.pack(">HHIQ", version, window, data_limit, size_limit))

    def read(self):
        """Returns the next message with its data, or None at the end of the stream. Skips `alive`."""
        while (frame := self._read_frame()) == ALIVE:
            pass
        if frame is None:
            return None
        kinds = {2: Offer, 4: Withdrawal, 5: lambda _: End(), 3: lambda fields: Data(fields, self.connection)}
        return kinds[frame[0]](frame[1:])

    def read_data(self, offer, offset=0):
        """Receives all missing data of the file."""
        contents = b""
        while offset + len(contents) < offer.size:
            part = self.read()
            assert (part.id, part.offset) == (offer.id, offset + len(contents))
            contents += part.bytes
        return contents

    def read_all(self):
        """Reads until the end of the stream."""
        try:
            while self.connection.recv(65536):
                pass
        except ConnectionError:
            pass

    def _read_frame(self):
        try:
            first = self.connection.recv(1)
        except ConnectionError:
            return None
        if not first:
            return None
        size, = struct.unpack(">I", first + receive_exactly(self.connection, 3))
        return receive_exactly(self.connection, size)

    def write(self, text):
        self.connection.sendall(text)

    def send(self, *messages):
        self.write(b"".join(struct.pack(">I", len(message)) + message for message in messages))

    def want(self, offer, offset=0):
        self.send(b"\x82" + struct.pack(">IQ", offer.id, offset))

    def decide(self, offer, code=STORED, text="for the test"):
        self.send(b"\x83" + struct.pack(">IB", offer.id, code) + text.encode())

    def fail(self, text):
        self.send(b"\x84" + text.encode())

    def take_in(self, offer, offset=0):
        """Requests the file, receives it and sends the verdict; returns the contents."""
        self.want(offer, offset)
        contents = self.read_data(offer, offset)
        self.decide(offer)
        return contents

    def part(self):
        """Ends the session as the protocol requires."""
        message = self.read()
        assert isinstance(message, End), message
        self.send(END)

    def reset(self):
        """Resets the connection."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class ScriptedServer:
    """Handles one connection after the other on a separate thread, each with the next of `talks(session)`. For use in a
    `with` block, at the end of which all of them must have completed without an error."""

    def __init__(self, *talks):
        self._talks = talks
        self._failure = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        try:
            for talk in self._talks:
                connection, _ = self._listener.accept()
                connection.settimeout(TIMEOUT)
                with connection:
                    talk(Session(connection))
        except Exception as failure:
            self._failure = failure
        finally:
            self._listener.close()  # further connections are refused

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self._thread.join(TIMEOUT)
            if self._failure:
                raise self._failure
            assert not self._thread.is_alive(), "it still waits for connections, or for what should come on one"
