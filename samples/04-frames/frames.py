# Messages on a stream socket: each is preceded by its length in four bytes, most significant byte first.
import struct


def send_frame(sock, message):
    sock.sendall(struct.pack(">I", len(message)) + message)


def receive_frame(sock, max_size=1024 * 1024):
    """Returns the next message, or None at the end of the stream."""
    prefix = receive_exactly(sock, 4, or_none=True)
    if prefix is None:
        return None
    size, = struct.unpack(">I", prefix)
    if size > max_size:
        raise ValueError(f"a message of {size} bytes; the maximum is {max_size} bytes")
    return receive_exactly(sock, size)


def receive_exactly(sock, size, or_none=False):
    """Calls recv, which returns only the bytes that have arrived, until `size` bytes are received."""
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            if or_none and not data:
                return None
            raise EOFError(f"the stream ended after {len(data)} of {size} bytes")
        data += part
    return data
