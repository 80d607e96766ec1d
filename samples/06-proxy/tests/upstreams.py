"""Upstream servers for tcp_proxy."""

import contextlib
import socket

from programs import TIMEOUT, Server


def proxy_to(port, *arguments, **options):
    return Server("tcp_proxy", f"127.0.0.1:{port}", *arguments, **options)


@contextlib.contextmanager
def echo_behind_proxy(*arguments, **options):
    """Yields a proxy that forwards to an echo_server."""
    with Server("echo_server") as upstream, proxy_to(upstream.port, *arguments, **options) as proxy:
        yield proxy


@contextlib.contextmanager
def connected_pair(*arguments):
    """Yields a proxy, a client's connection to it, and the upstream server's socket of the forwarded connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT)
        with proxy_to(listener.getsockname()[1], *arguments) as proxy, proxy.connect() as client:
            upstream, _ = listener.accept()
            upstream.settimeout(TIMEOUT)
            with upstream:
                yield proxy, client, upstream
