# The tutorial's client, for servers that want lines: it sends what ends a line, too, and reads until a reply ends. Its
# lines come from standard input: line_client.py PORT
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
        sock_client.shutdown(1)  # no more lines; the reply to one that nothing has ended comes now
        for reply in replies:
            print(reply, flush=True)


if __name__ == "__main__":
    request_handler(int(sys.argv[1]))
