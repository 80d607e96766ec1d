# The tutorial's echo client. Changed: the port, the file and the delay are arguments: echo_client.py PORT FILE [SECONDS]
import sys
from socket import socket, AF_INET, SOCK_STREAM
import time


def request_handler(port, file, delay):
    start_time = time.time()
    sock_client = socket(AF_INET, SOCK_STREAM)
    sock_client.connect(("localhost", port))

    book_content = ""
    with open(file, "r", encoding="utf-8") as f:
        book_content = f.read()

    content_list = book_content.split("\n")
    for content in content_list:
        if content:
            sock_client.send((content).encode())
            time.sleep(delay)
            response = sock_client.recv(8192)
            print(response)

    end_time = time.time()
    print("总共耗时:", end_time - start_time)


if __name__ == "__main__":
    request_handler(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 2)
