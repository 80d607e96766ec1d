"""The command line."""
import argparse
import sys
from pathlib import Path

from .suites import DEFAULT, SUITES, Configuration

PASSES = ("timed", "counts", "compile_time")
REPOSITORY = Path(__file__).resolve().parents[2]


def parse():
    arguments = sys.argv[1:]
    suite = SUITES[arguments.pop(0)] if arguments and arguments[0] in SUITES else DEFAULT
    parser = argparse.ArgumentParser(prog=f"bench/run [{' | '.join(SUITES)}]",
                                     description=f"Compares servers on strait with other servers. These are the options of the suite {suite.name}.",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_load(parser, suite)
    add_measurement(parser)
    add_build(parser)

    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds, options.warm_up = 3, 0.3, 0.1
    options.suite = suite
    options.contenders = [one for one in suite.contenders if one.name in options.only or one.name == suite.baseline]
    options.configurations = configurations(suite, options)
    if not options.configurations:
        parser.error("the options select no configuration to measure")
    return options


def configurations(suite, options):
    sizes = options.message_sizes
    steady = [Configuration(connections, depth, size, suite.traffic, len(sizes) > 1)
              for size in sizes for connections in options.connections for depth in options.depth]
    bursts = [Configuration(1, depth, options.burst_size, f"{suite.traffic}_bursts") for depth in options.bursts]
    mixes = [Configuration(*mix, suite.traffic, shows_size=True) for mix in options.mixes]
    return steady + bursts + mixes


def mix(text):
    """Parses a mix such as "64x1x4000"."""
    connections, depth, size = map(int, text.split("x"))
    return connections, depth, size


def add_load(parser, suite):
    names = [contender.name for contender in suite.contenders]
    parser.add_argument("--only", nargs="+", choices=names, metavar="CONTENDER", default=names,
                        help=f"the contenders to run besides {suite.baseline}, which always runs")
    parser.add_argument(f"--{suite.connection}s", dest="connections", nargs="+" if not suite.bursts else "*", type=int,
                        default=suite.connections, metavar="N", help=f"number of concurrent {suite.connection}s")
    parser.add_argument("--depth", nargs="+", type=int, default=suite.depths, metavar="N",
                        help=f"number of {suite.message}s in flight on each {suite.connection}")
    parser.add_argument(f"--{suite.message}-size", dest="message_sizes", nargs="+", type=int, default=suite.message_sizes,
                        metavar="BYTES", help=f"size of each {suite.message}")
    if suite.mixes:
        parser.add_argument("--mixes", nargs="*", type=mix, default=suite.mixes, metavar="NxNxBYTES",
                            help=f"further configurations: {suite.connection}s, {suite.message}s in flight on each, and the size of a {suite.message}")
    else:
        parser.set_defaults(mixes=())
    if not suite.bursts:
        parser.set_defaults(bursts=(), burst_size=0)
        return
    parser.add_argument("--bursts", nargs="*", type=int, default=suite.bursts, metavar="N",
                        help=f"further configurations: one {suite.connection} that sends N {suite.message}s at once")
    parser.add_argument("--burst-size", type=int, default=suite.burst_size, metavar="BYTES", help=f"size of each {suite.message} in a burst")


def add_measurement(parser):
    parser.add_argument("--rounds", type=int, default=9, help="number of times that everything is measured")
    parser.add_argument("--seconds", type=float, default=1.0, help="duration of one measurement")
    parser.add_argument("--warm-up", type=float, default=0.2, metavar="SECONDS", help="duration of the warm-up before each measurement")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.3 s and one compilation each: for a first impression, not for results")
    parser.add_argument("--skip", nargs="+", choices=PASSES, default=[], metavar="PASS", help=f"passes to skip: {', '.join(PASSES)}")
    parser.add_argument("--instructions", action="store_true", help="also count user-space instructions with valgrind (slow)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results of every round to FILE")
    parser.add_argument("--server-cpu", type=int, metavar="N", help="the CPU for the servers; by default the first one that this process may use")
    parser.add_argument("--load-cpu", type=int, metavar="N", help="the CPU for the load generator; by default the second one")


def add_build(parser):
    parser.add_argument("--build-dir", type=Path, default=REPOSITORY / "build" / "bench", metavar="DIR", help="the build directory; it is created if it does not exist")
    parser.add_argument("--cmake", action="append", default=[], metavar="ARGUMENT",
                        help="an argument for cmake, for example --cmake=-DAsio_ROOT=/opt/asio; may be repeated")
    parser.add_argument("--no-build", action="store_true", help="use the programs in the build directory as they are")
