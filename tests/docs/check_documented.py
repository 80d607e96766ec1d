#!/usr/bin/env python3
"""Checks that every public name has a doc comment: classes, functions, types, constants and enumerators.

usage: check_documented.py PROJECT_FOLDER OUTPUT_FOLDER

Doxygen reads the headers as docs/site/Doxyfile says. One comment, before the first, suffices for overloads that follow
each other. The values of an enumeration have comments all or none. Exempt are namespaces and folders called `detail`; what
all coroutine libraries have (`operator co_await`, `await_ready`, …, awaiters, constructors of `…_operation`); and what the
language defines (copies, moves, destructors, comparisons, `operator bool`).

Ends with status 77 if Doxygen is not installed.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

EXEMPT = re.compile(r"~|await_|operator\b|.*_$")
INTERNAL = re.compile(r"detail|.*_awaiter|join_operation|promise_type")
KINDS = {"class", "struct", "union", "namespace", "concept"}


def is_documented(node):
    parts = (node.find(part) for part in ("briefdescription", "detaileddescription", "inbodydescription"))
    return any("".join(part.itertext()).strip() for part in parts if part is not None)


def is_exempt(member, owner):
    name, own = member.findtext("name"), owner.rpartition("::")[2]
    if member.get("prot") not in ("public", "package") or member.get("kind") == "friend":
        return True
    if EXEMPT.match(name) or INTERNAL.fullmatch(name):
        return True
    if name != own:
        return False
    # A constructor: those that take nothing, that copy and move, and those of operations, which the library calls.
    arguments = member.findtext("argsstring", "")
    return own.endswith("_operation") or arguments.startswith("()") or re.match(rf"\(({name}|const {name})\b[^,]*&", arguments)


def place(node):
    location = node.find("location")
    return (location.get("file"), int(location.get("line"))) if location is not None else ("", 0)


def undocumented(folder):
    """Yields (file, line, name) of every public name without a comment."""
    for file in sorted(folder.glob("*.xml")):
        for compound in xml.parse(file).getroot().findall("compounddef"):
            owner = compound.findtext("compoundname")
            parts = owner.split("::")
            if compound.get("kind") not in KINDS or parts[0] != "strait" or any(map(INTERNAL.fullmatch, parts)):
                continue
            if compound.get("prot", "public") != "public":
                continue
            if compound.get("kind") != "namespace" and "<" not in owner and not is_documented(compound):
                yield *place(compound), owner
            previous = None
            for member in sorted(compound.iter("memberdef"), key=place):
                name = member.findtext("name")
                is_overload, previous = name == previous, name
                if is_exempt(member, owner):
                    continue
                if not is_overload and not is_documented(member):
                    yield *place(member), f"{owner}::{name}"
                values = member.findall("enumvalue")
                if any(map(is_documented, values)):
                    yield from ((*place(member), f"{owner}::{name}::{value.findtext('name')}")
                                for value in values if not is_documented(value))


def run_doxygen(project, output):
    shutil.rmtree(output / "xml", ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    settings = (project / "docs/site/Doxyfile").read_text() + f"""
OUTPUT_DIRECTORY = {output}
GENERATE_HTML = NO
GENERATE_XML = YES
EXTRACT_ALL = YES
WARNINGS = NO
"""
    subprocess.run(["doxygen", "-"], input=settings, text=True, cwd=project, check=True, stderr=subprocess.DEVNULL)
    return output / "xml"


def main(project, output):
    if not shutil.which("doxygen"):
        print("doxygen is not installed")
        return 77
    project = pathlib.Path(project).resolve()
    found = sorted(set(undocumented(run_doxygen(project, pathlib.Path(output).resolve()))))
    for file, line, name in found:
        print(f"{file}:{line}: {name} has no doc comment")
    print(f"{len(found)} public names have no doc comment" if found else "every public name has a doc comment")
    return bool(found)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
