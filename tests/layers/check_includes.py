#!/usr/bin/env python3
"""Checks that each file of strait includes only headers of its own floor and below, and Asio only where permitted.

usage: check_includes.py ROOT
"""

import pathlib
import re
import sys

# Floor -> the folders that its files may include. `engine` is the seam: it is below `core`, except for the types that
# both share. It exists in src/ only, so no public header can include it.
MAY_INCLUDE = {
    "base": ("base/",),
    "engine": ("base/", "core/detail/", "engine/"),
    "core": ("base/", "engine/", "core/"),
    "net": ("base/", "engine/", "core/", "net/"),
    "io": ("base/", "core/", "net/", "io/"),
    "server": ("base/", "core/", "net/", "io/", "server/"),
    "interop": ("base/", "engine/", "core/", "net/", "io/", "server/", "interop/"),
}
MAY_INCLUDE_ASIO = ("src/engine/asio/", "src/interop/", "include/strait/interop/")

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def place(file):
    """A file's path within include/strait or src, such as core/task.hpp."""
    return "/".join(file.parts[2:] if file.parts[0] == "include" else file.parts[1:])


def floor_of(file):
    """The floor of a file, given by its path from the root; None for a file above all floors, such as strait/strait.hpp."""
    floor, slash, _ = place(file).partition("/")
    return floor if slash else None


def resolve(root, file, name):
    """The path from the root of the file that `#include "name"` in `file` includes; None if it is not part of strait."""
    for folder in (file.parent, pathlib.Path("include"), pathlib.Path("src")):
        candidate = folder / name
        if (root / candidate).is_file():
            return (root / candidate).resolve().relative_to(root)
    return None


def complaints(root):
    files = [*root.glob("include/**/*.hpp"), *root.glob("src/**/*.hpp"), *root.glob("src/**/*.cpp")]
    for file in sorted(path.relative_to(root) for path in files):
        floor = floor_of(file)
        if floor is not None and floor not in MAY_INCLUDE:
            yield f"{file}:1: unknown floor `{floor}`"
            continue
        for number, line in enumerate((root / file).read_text().splitlines(), 1):
            if not (include := INCLUDE.match(line)):
                continue
            here, name = f"{file}:{number}", include[1]
            target = resolve(root, file, name)
            if target is None:
                if re.match(r"asio(\.hpp|/)", name) and not str(file).startswith(MAY_INCLUDE_ASIO):
                    yield f"{here}: only files in {', '.join(MAY_INCLUDE_ASIO)} may include Asio"
                continue
            if file.parts[0] == "include" and target.parts[0] == "src":
                yield f"{here}: a public header includes {target}, which is not installed"
            if floor is None:
                continue
            if floor_of(target) is None:
                yield f"{here}: {name} includes every floor; include the header that is needed instead"
            elif not place(target).startswith(MAY_INCLUDE[floor]):
                yield f"{here}: `{floor}` may not include {place(target)}"


if __name__ == "__main__":
    found = list(complaints(pathlib.Path(sys.argv[1]).resolve()))
    print("\n".join(found) or "every file includes only headers of its own floor and the floors below")
    sys.exit(1 if found else 0)
