# Messages over a stream, as they are sent in Python: the length in four bytes, most significant first, and the message.
import struct


def send_frame(sock, message):
    sock.sendall(struct.pack(">I", len(message)) + message)


def receive_frame(sock, max_size=1024 * 1024):
    """The next message; None at the end of the stream."""
    prefix = receive_exactly(sock, 4, or_nothing=True)
    if prefix is None:
        return None
    size, = struct.unpack(">I", prefix)
    if size > max_size:
        raise ValueError(f"a message of {size} bytes, {max_size} are allowed")
    return receive_exactly(sock, size)


def receive_exactly(sock, size, or_nothing=False):
    """recv gives what has come so far: it takes several to get all of it."""
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            if or_nothing and not data:
                return None
            raise EOFError(f"the stream ended after {len(data)} of {size} bytes")
        data += part
    return data
