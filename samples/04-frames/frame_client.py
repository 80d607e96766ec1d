# A frame client in Python that sends a file the way many Python tutorials do: a JSON header with the name and the size,
# then the content, each as one message: frame_client.py PORT FILE
import json
import os
import sys
from socket import create_connection

from frames import receive_frame, send_frame


def send_file(port, file):
    with open(file, "rb") as f:
        content = f.read()
    header = {"name": os.path.basename(file), "size": len(content)}

    with create_connection(("localhost", port)) as sock:
        send_frame(sock, json.dumps(header).encode())
        send_frame(sock, content)
        print(json.loads(receive_frame(sock)))
        print("the same content came back:", receive_frame(sock) == content)


if __name__ == "__main__":
    send_file(int(sys.argv[1]), sys.argv[2])
