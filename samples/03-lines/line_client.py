# The tutorial's client, adapted to line servers: it sends line endings, too, and reads whole lines as replies. It sends
# the lines of standard input: line_client.py PORT
import sys
from socket import socket, AF_INET, SOCK_STREAM


def request_handler(port):
    sock_client = socket(AF_INET, SOCK_STREAM)
    sock_client.connect(("localhost", port))

    with sock_client, sock_client.makefile("rb") as replies:
        for line in sys.stdin.buffer:
            sock_client.sendall(line)
            if not line.endswith(b"\n"):
                break
            print(replies.readline(), flush=True)
        sock_client.shutdown(1)  # no more lines; the server now replies to a last line without LF
        for reply in replies:
            print(reply, flush=True)


if __name__ == "__main__":
    request_handler(int(sys.argv[1]))
