# The tutorial's echo server. Changed: the port is an argument, and the server prints the address it listens on.
import sys
from socket import socket, AF_INET, SOCK_STREAM


def echo_handler(sock, address):
    print("Get Connection from address:", address)

    while True:
        response = sock.recv(8192)
        if not response:
            break
        print(f"Got {response}")
        sock.sendall(response)


def echo_server(address, back_log=5):
    sock = socket(AF_INET, SOCK_STREAM)
    sock.bind(address)
    sock.listen(back_log)
    print("listening on %s:%d" % sock.getsockname(), flush=True)

    while True:
        sock_client, address = sock.accept()
        echo_handler(sock_client, address)


if __name__ == "__main__":
    echo_server(("localhost", int(sys.argv[1])))
