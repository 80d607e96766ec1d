#!/usr/bin/env python3
"""Checks that a small server stays quick to compile: the number of functions that the compiler generates for it.

usage: generated_functions.py MAX_FUNCTIONS SOURCE COMPILER ARGUMENT...

Without optimisation, the compiler generates every function that is used and not in the library.
"""

import pathlib
import re
import subprocess
import sys


def main(maximum, source, command):
    command = [*command, "-O0", "-S", "-o", "-", source]
    assembly = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count = len(re.findall(r"^\s*\.type\s+\S+, @function$", assembly, re.MULTILINE))
    print(f"{pathlib.PurePath(source).name} generates {count} functions")
    if not 0 < count <= maximum:
        sys.exit(f"{count} functions are more than the {maximum} that are allowed: move what does not depend on the "
                 "user's types to a source file")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
