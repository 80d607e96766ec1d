# The tutorial's time server with the socketserver module. Changed: the port comes from the command line, and the
# server says where it listens, and who asked what.
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
