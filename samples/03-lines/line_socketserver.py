# The tutorial's line server with the socketserver module. Changed: the port is an argument, and the server prints the
# address it listens on.
import sys
from socketserver import StreamRequestHandler, ThreadingTCPServer


class EchoHandler(StreamRequestHandler):
    def handle(self):
        print("Got Connection Address: %s" % str(self.client_address))
        for line in self.rfile:
            print(line)
            self.wfile.write(bytes("hello {}".format(line.decode("utf-8")).encode("utf-8")))


if __name__ == "__main__":
    serv = ThreadingTCPServer(("localhost", int(sys.argv[1])), EchoHandler)
    print("listening on %s:%d" % serv.server_address, flush=True)
    serv.serve_forever()
