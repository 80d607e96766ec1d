"""Configures and builds the benchmark's programs: all with the same compiler, flags and Asio."""
import json
import re
import shlex
import subprocess
from pathlib import Path

from .options import REPOSITORY


class Build:
    def __init__(self, options):
        self.directory = options.build_dir.resolve()
        if options.no_build:
            return
        run(["cmake", "-S", REPOSITORY, "-B", self.directory, "-DCMAKE_BUILD_TYPE=Release",
             "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DSTRAIT_BUILD_BENCH=ON",
             "-DSTRAIT_BUILD_TESTS=OFF", "-DSTRAIT_BUILD_SAMPLES=OFF", "-DSTRAIT_INSTALL=OFF", *options.cmake])
        targets = {f"bench_{one.source}" for one in options.contenders} | {"bench_load", "bench_allocation_counter"}
        run(["cmake", "--build", self.directory, "--parallel", "--target", *sorted(targets)])

    def program(self, name):
        return str(self.directory / "bench" / f"bench_{name}")

    def allocation_counter(self):
        return str(self.directory / "bench" / "libbench_allocation_counter.so")

    def compile_command(self, source):
        """How echo/<source>.cpp is compiled, as a list of arguments, and where."""
        for entry in json.loads((self.directory / "compile_commands.json").read_text()):
            if entry["file"].endswith(f"bench/echo/{source}.cpp"):
                return shlex.split(entry["command"]), entry["directory"]
        raise LookupError(f"no compile command for {source}.cpp in {self.directory}")

    def compiler(self):
        compiler = self.compile_command("raw_epoll")[0][0]
        return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def asio_version(self):
        cache = (self.directory / "CMakeCache.txt").read_text()
        folder = re.search(r"^Asio_INCLUDE_DIR:\w+=(.+)$", cache, re.MULTILINE).group(1)
        return re.search(r"ASIO_VERSION \d+ // ([\d.]+)", Path(folder, "asio", "version.hpp").read_text()).group(1)


def run(command):
    """Runs a build step out of the way of others; its output is shown only if it fails."""
    done = subprocess.run(["nice", "-n", "10", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, command))} failed:\n{done.stdout}")
