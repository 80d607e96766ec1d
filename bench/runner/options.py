"""The command line."""
import argparse
from pathlib import Path

from .contenders import CONTENDERS, YARDSTICK

PASSES = ("timed", "counts", "compile_time")
REPOSITORY = Path(__file__).resolve().parents[2]


def parse():
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures strait's echo server against its peers.",
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="CONTENDER", default=names,
                        help=f"contenders, besides {YARDSTICK}, which always runs")
    parser.add_argument("--connections", nargs="+", type=int, default=[1, 64, 1000], metavar="N")
    parser.add_argument("--depth", nargs="+", type=int, default=[1, 16], metavar="N",
                        help="messages under way at a time on each connection")
    parser.add_argument("--message-size", type=int, default=64, metavar="BYTES")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of one measurement")
    parser.add_argument("--warm-up", type=float, default=0.2, metavar="SECONDS", help="before each measurement")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.3 s, one compilation each: a look, not a result")
    parser.add_argument("--skip", nargs="+", choices=PASSES, default=[], metavar="PASS", help=f"leave out: {', '.join(PASSES)}")
    parser.add_argument("--instructions", action="store_true", help="also count user-space instructions, under valgrind (slow)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results, round by round, to a file")
    parser.add_argument("--build-dir", type=Path, default=REPOSITORY / "build" / "bench", metavar="DIR")
    parser.add_argument("--cmake", action="append", default=[], metavar="ARGUMENT",
                        help="passed to cmake, for example --cmake=-DAsio_ROOT=/opt/asio; may be given more than once")
    parser.add_argument("--no-build", action="store_true", help="measure what the build directory holds")
    parser.add_argument("--server-cpu", type=int, metavar="N", help="default: the first CPU this process may use")
    parser.add_argument("--load-cpu", type=int, metavar="N", help="default: the second one")

    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.warm_up = 3, 0.3, 0.1
    options.contenders = [one for one in CONTENDERS if one.name in options.only or one.name == YARDSTICK]
    options.configurations = [(connections, depth) for connections in options.connections for depth in options.depth]
    return options
