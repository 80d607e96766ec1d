# A frame server in Python: sends back each message, and logs it: frame_server.py PORT
import sys
from socketserver import BaseRequestHandler, ThreadingTCPServer

from frames import receive_frame, send_frame


class FrameHandler(BaseRequestHandler):
    def handle(self):
        while (message := receive_frame(self.request)) is not None:
            print(f"{len(message)} bytes, {message[:40]}", file=sys.stderr)
            send_frame(self.request, message)


if __name__ == "__main__":
    serv = ThreadingTCPServer(("localhost", int(sys.argv[1])), FrameHandler)
    print("listening on %s:%d" % serv.server_address, flush=True)
    serv.serve_forever()
