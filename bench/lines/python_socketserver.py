"""The line server on Python's socketserver, with one thread per connection, written as in its documentation."""
import socketserver
import sys


class Lines(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 1024
    daemon_threads = True


host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:0").rpartition(":")
with Server((host, int(port)), Lines) as server:
    print("listening on {}:{}".format(*server.server_address), flush=True)
    server.serve_forever()
