# The tutorial's time client. Changed: the port is an argument.
import sys
from socket import socket, AF_INET, SOCK_DGRAM


if __name__ == "__main__":
    s = socket(AF_INET, SOCK_DGRAM)
    s.sendto(b"hello", ("localhost", int(sys.argv[1])))
    text = s.recvfrom(8192)
    print(text)
