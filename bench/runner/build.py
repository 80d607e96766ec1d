"""Configures and builds the programs of the benchmark, all with the same compiler, flags and version of Asio."""
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from .options import REPOSITORY


class Build:
    def __init__(self, options):
        self.directory = options.build_dir.resolve()
        self.suite = options.suite
        if options.no_build:
            return
        run(["cmake", "-S", REPOSITORY, "-B", self.directory, "-DCMAKE_BUILD_TYPE=Release",
             "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", "-DSTRAIT_BUILD_BENCH=ON",
             "-DSTRAIT_BUILD_TESTS=OFF", "-DSTRAIT_BUILD_SAMPLES=OFF", "-DSTRAIT_INSTALL=OFF", *options.cmake])
        contenders = {f"bench_{self.suite.name}_{one.program}" for one in options.contenders if one.is_compiled}
        targets = contenders | {"bench_load", "bench_allocation_counter"} | ({self.suite.upstream} if self.suite.upstream else set())
        run(["cmake", "--build", self.directory, "--parallel", "--target", *sorted(targets)])

    def load(self):
        return str(self.directory / "bench" / "bench_load")

    def command(self, contender):
        """The command that runs a contender, without its arguments."""
        if contender.is_compiled:
            return [str(self.directory / "bench" / f"bench_{self.suite.name}_{contender.program}")]
        return [sys.executable, str(REPOSITORY / "bench" / self.suite.name / contender.source)]

    def upstream(self):
        return str(self.directory / "bench" / self.suite.upstream) if self.suite.upstream else None

    def allocation_counter(self):
        return str(self.directory / "bench" / "libbench_allocation_counter.so")

    def compile_command(self, source):
        """The command that compiles a file of the suite's folder, as a list of arguments, and its working directory."""
        for entry in json.loads((self.directory / "compile_commands.json").read_text()):
            if entry["file"].endswith(f"bench/{self.suite.name}/{source}"):
                return shlex.split(entry["command"]), entry["directory"]
        raise LookupError(f"no compile command for {source} in {self.directory}")

    def compiler(self):
        compiler = self.compile_command(f"{self.suite.baseline}.cpp")[0][0]
        return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def asio_version(self):
        cache = (self.directory / "CMakeCache.txt").read_text()
        folder = re.search(r"^Asio_INCLUDE_DIR:\w+=(.+)$", cache, re.MULTILINE).group(1)
        return re.search(r"ASIO_VERSION \d+ // ([\d.]+)", Path(folder, "asio", "version.hpp").read_text()).group(1)


def run(command):
    """Runs a build step with low priority, and prints its output only if it fails."""
    done = subprocess.run(["nice", "-n", "10", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(map(str, command))} failed:\n{done.stdout}")
