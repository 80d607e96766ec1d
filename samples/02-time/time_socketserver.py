# The tutorial's time server with the socketserver module. Changed: the port is an argument, and the server prints the
# address it listens on and each request.
import sys
from socketserver import BaseRequestHandler, UDPServer
import time


class TimeHandler(BaseRequestHandler):
    def handle(self):
        print("Got Connection {}".format(str(self.client_address)))
        msg, sock = self.request
        print(msg)
        data = time.ctime()
        sock.sendto(data.encode("ascii"), self.client_address)


if __name__ == "__main__":
    u = UDPServer(("localhost", int(sys.argv[1])), TimeHandler)
    print("listening on %s:%d" % u.server_address, flush=True)
    u.serve_forever()
