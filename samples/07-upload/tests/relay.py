"""A proxy that breaks the connections between upload_client and upload_server."""

import socket
import threading

from programs import TIMEOUT


class Relay:
    """A proxy to a server that breaks connections. `breaks` holds for one connection after the other how many bytes of
    the client are forwarded and a function that is called before the connection is closed. Later connections are not
    broken. While the server cannot be reached, connections are closed at once."""

    def __init__(self, port, *breaks):
        self.server_port = port
        self.passed_on = 0
        self._breaks = list(breaks)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        try:
            while True:
                client, _ = self._listener.accept()
                limit, then = self._breaks.pop(0) if self._breaks else (None, None)
                client.settimeout(TIMEOUT)
                with client:
                    try:
                        server = socket.create_connection(("127.0.0.1", self.server_port), TIMEOUT)
                    except ConnectionRefusedError:
                        continue
                    with server:
                        self._forward(client, server, limit, then)
        except OSError:
            return  # the test has ended

    def _forward(self, client, server, limit, then):
        back = threading.Thread(target=self._pass_back, args=(server, client), daemon=True)
        back.start()
        self._pass_on(client, server, limit)
        if then:
            then()
        for each in (client, server):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is already closed
        back.join(TIMEOUT)

    def _pass_on(self, client, server, limit):
        try:
            while limit != 0 and (part := client.recv(min(65536, limit or 65536))):
                server.sendall(part)
                self.passed_on += len(part)
                limit = limit and limit - len(part)
        except OSError:
            pass

    @staticmethod
    def _pass_back(server, client):
        try:
            while part := server.recv(65536):
                client.sendall(part)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT)
