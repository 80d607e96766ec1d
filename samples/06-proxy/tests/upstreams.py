"""Servers for tcp_proxy to pass connections on to."""

import contextlib
import socket

from programs import PATIENCE, Server


def proxy_to(port, *arguments, **options):
    return Server("tcp_proxy", f"127.0.0.1:{port}", *arguments, **options)


@contextlib.contextmanager
def echo_behind_proxy(*arguments, **options):
    """Gives a proxy with echo_server behind it."""
    with Server("echo_server") as upstream, proxy_to(upstream.port, *arguments, **options) as proxy:
        yield proxy


@contextlib.contextmanager
def connected_pair(*arguments):
    """Gives a proxy, a client's connection to it, and the upstream server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        with proxy_to(listener.getsockname()[1], *arguments) as proxy, proxy.connect() as client:
            upstream, _ = listener.accept()
            upstream.settimeout(PATIENCE)
            with upstream:
                yield proxy, client, upstream
