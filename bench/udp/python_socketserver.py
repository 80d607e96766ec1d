"""The UDP echo server on Python's socketserver, written as in its documentation."""
import socket
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        data, peer = self.request
        peer.sendto(data, self.client_address)


host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:0").rpartition(":")
with socketserver.UDPServer((host, int(port)), Echo) as server:
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    print("listening on {}:{}".format(*server.server_address), flush=True)
    server.serve_forever()
