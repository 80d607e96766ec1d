"""The instructions pass: user-space instructions per message under callgrind, without noise.

The result is the slope between two runs that differ only in the number of messages, so that the instructions for starting,
accepting and shutting down cancel out.
"""
import re
import tempfile
from pathlib import Path

from .processes import Load, running_server

MOST_BYTES = 256 << 20


def numbers_of_messages(configuration):
    """A small and a large number of messages. Both are large enough for every connection to reach a steady state."""
    in_flight = configuration.connections * configuration.depth
    most = MOST_BYTES // configuration.message_size
    few = max(min(5_000, most), 4 * in_flight)
    return few, few + max(min(20_000, 4 * most), 4 * in_flight)


def instructions(build, contender, configuration, options, messages):
    with tempfile.NamedTemporaryFile("r", prefix="strait-bench-") as log:
        callgrind = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log.name}")
        with running_server(build, contender, options, wrapper=callgrind) as server:
            with Load(build, server, options.load_cpu, configuration, messages=messages) as load:
                load.wait_until_ready()
                load.send_messages()
        found = re.search(r"Collected : (\d+)", Path(log.name).read_text())
    if not found:
        raise RuntimeError(f"callgrind did not report on {contender.name}")
    return int(found.group(1))


def run(build, options, progress):
    """{configuration: {name: instructions per message}}"""
    results = {}
    for configuration in options.configurations:
        results[configuration] = {}
        for contender in options.contenders:
            progress(f"counting instructions of {contender.name}, {configuration.title}")
            few, many = numbers_of_messages(configuration)
            more = (instructions(build, contender, configuration, options, many)
                    - instructions(build, contender, configuration, options, few))
            results[configuration][contender.name] = more / (many - few)
    return results
