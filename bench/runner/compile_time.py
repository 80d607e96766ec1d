"""The compile-time pass: the CPU time of the compiler for the translation unit of each contender in C++."""
import os
import subprocess
from statistics import median

LEVELS = ("-O0", "-O2")


def compile_once(arguments, directory):
    process = subprocess.Popen(arguments, cwd=directory, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError("compilation failed: " + " ".join(arguments))
    return used.ru_utime  # includes the driver's children, the compiler and the assembler


def command_at(level, arguments):
    """The command with another optimisation level, and with its output discarded."""
    kept = [one for one in arguments if not one.startswith("-O") and one != "-DNDEBUG"]
    kept[kept.index("-o") + 1] = "/dev/null"
    return [*kept, level]


def run(build, options, progress):
    """{source: {level: median seconds}}"""
    sources = list(dict.fromkeys(one.source for one in options.contenders if one.is_compiled))
    times = {source: {level: [] for level in LEVELS} for source in sources}
    rounds = 1 if options.quick else 5
    for number in range(rounds):
        progress(f"compiling, round {number + 1} of {rounds}")
        for source in sources if number % 2 == 0 else sources[::-1]:
            arguments, directory = build.compile_command(source)
            for level in LEVELS:
                times[source][level].append(compile_once(command_at(level, arguments), directory))
    return {source: {level: median(seconds) for level, seconds in of_source.items()} for source, of_source in times.items()}
