#!/usr/bin/env python3
"""Checks that strait.hpp stays quick to compile: its size after preprocessing, and the headers it includes.

usage: preprocessed_size.py MAX_KILOBYTES COMPILER ARGUMENT...

MAX_KILOBYTES holds for fmt 9; 0: no bound is known for this compiler and its standard library.
"""

import re
import subprocess
import sys
from collections import Counter

# Headers that are slow to compile. Use what the headers of base/detail/ and core/detail/ have, or a source file.
TOO_SLOW = {"algorithm", "atomic", "chrono", "condition_variable", "filesystem", "format", "functional", "future",
            "iostream", "istream", "iterator", "locale", "map", "memory", "memory_resource", "mutex", "numeric",
            "ostream", "random", "ranges", "regex", "set", "shared_mutex", "sstream", "stop_token", "thread",
            "unordered_map", "variant"}
# The replacement of <chrono> is <bits/chrono.h>, which a library other than libstdc++ does not have.
ALLOWED = {("strait/base/chrono.hpp", "chrono")}

LINE_MARKER = re.compile(r'# \d+ "([^"]*)"((?: \d)*)')


def name_in_strait(file):
    """strait/core/task.hpp for a header of strait, else None."""
    found = re.search(r"include/(strait/.*\.hpp)$", file)
    return found and found[1]


def main(maximum, command):
    command = [*command, "-x", "c++", "-E", "-"]
    source = "#include <strait/strait.hpp>\nFMT_VERSION\n"
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout

    sizes, stack, mistakes = Counter(), [], []
    for line in text.splitlines(keepends=True):
        if not (marker := LINE_MARKER.match(line)):
            if stack:
                sizes["strait" if name_in_strait(stack[-1]) else "other"] += len(line)
            continue
        file, flags = marker[1], marker[2].split()
        if "1" in flags:
            includer = name_in_strait(stack[-1]) if stack else None
            header = file.rpartition("/")[2]
            if includer and header in TOO_SLOW and (includer, header) not in ALLOWED:
                mistakes.append(f"{includer} includes <{header}>, which is slow to compile")
            stack.append(file)
        elif "2" in flags and len(stack) > 1:
            stack.pop()
        elif stack:
            stack[-1] = file
        else:
            stack.append(file)

    kilobytes = len(text) // 1000
    print(f"strait.hpp is {kilobytes} kB after preprocessing, {sizes['strait'] // 1000} kB of it strait's own")
    is_fmt_9 = text.splitlines()[-1].startswith("9")
    if maximum and is_fmt_9 and kilobytes > maximum:
        mistakes.append(f"{kilobytes} kB are more than the {maximum} kB that are allowed: find what a header newly "
                        "includes, and move it to a source file")
    if mistakes:
        sys.exit("\n".join(mistakes))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
