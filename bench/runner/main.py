"""Runs the passes one after another and prints the report."""
import json
import os
import platform
import signal
import sys
from dataclasses import asdict

from . import compile_time, counts, instructions, report, timed
from .build import Build
from .options import PASSES, parse
from .processes import allow_descriptors


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def choose_cpus(options):
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        progress("there is only one CPU, which the server and the load generator share: rates and latencies are not meaningful")
    if options.server_cpu is None:
        options.server_cpu = usable[0]
    if options.load_cpu is None:
        options.load_cpu = usable[min(1, len(usable) - 1)]


def facts_of(build):
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(), "compiler": build.compiler(), "asio": build.asio_version()}


def write_json(file, facts, options, results):
    def by_title(of_pass):
        return {key if isinstance(key, str) else key.title: value for key, value in of_pass.items()}

    run = {"suite": options.suite.name, "rounds": options.rounds, "seconds": options.seconds,
           "configurations": {one.title: asdict(one) for one in options.configurations},
           "contenders": [asdict(one) for one in options.contenders]}
    file.write_text(json.dumps({"machine": facts, "run": run, **{name: by_title(one) for name, one in results.items()}}, indent=2) + "\n")


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `with` blocks terminate their children
    choose_cpus(options)
    allow_descriptors(max(one.connections for one in options.configurations) + 100)

    progress("building")
    build = Build(options)
    passes = {"timed": timed, "counts": counts, "compile_time": compile_time}
    wanted = [name for name in PASSES if name not in options.skip]
    results = {name: passes[name].run(build, options, progress) for name in wanted}
    if options.instructions:
        results["instructions"] = instructions.run(build, options, progress)

    facts = facts_of(build)
    if options.json:
        write_json(options.json, facts, options, results)
    print("\n".join(report.markdown(facts, options, results)))
