#!/usr/bin/env python3
"""Makes a source file of every ```cpp block in Markdown documents, to be compiled and run by the tests.

usage: extract.py OUTPUT_FOLDER PROJECT_FOLDER DOCUMENT...

Prints `run FILE` for a block with `int main`, `compile FILE` for any other. A block that includes nothing gets
<strait/strait.hpp> and `using namespace strait;`. An HTML comment on the line before a block changes what is made of it:

    <!-- snippet: compile-only -->   a program that is not run
    <!-- snippet: fragment -->       the inside of a function, of type task<>
    <!-- snippet: skip REASON -->    not C++ that could compile

The port 5000 of the examples becomes one that the system chooses, so that they can run beside anything else.
"""

import pathlib
import re
import sys

PRELUDE = """\
#include <strait/strait.hpp>

using namespace strait;
using namespace std::chrono_literals;

"""

MARK = re.compile(r"\s*<!-- snippet: (compile-only|fragment|skip \S.*) -->\s*$")
ANY_MARK = re.compile(r"\s*<!--\s*snippet")
OPENING = re.compile(r"(\s*)```cpp\s*$")


def blocks(document):
    """Yields (number of the first line, mark or None, text) of each ```cpp block."""
    lines = document.read_text().splitlines()
    mark, number = None, 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if ANY_MARK.match(line):
            if not (found := MARK.match(line)) or number == len(lines) or not OPENING.match(lines[number]):
                sys.exit(f"{document}:{number}: a snippet mark that is unknown, or not right before a ```cpp block")
            mark = found[1]
        elif opening := OPENING.match(line):
            first = number
            closing = opening[1] + "```"
            while number < len(lines) and lines[number].rstrip() != closing:
                number += 1
            if number == len(lines):
                sys.exit(f"{document}:{first}: a ```cpp block that does not end")
            text = "\n".join(body.removeprefix(opening[1]) for body in lines[first:number])
            yield first + 1, mark, text + "\n"
            mark = None
            number += 1


def source(document, line, mark, text):
    """A translation unit of the block, whose errors the compiler reports where they stand in the document."""
    text = f'#line {line} "{document}"\n' + text.replace(":5000", ":0")
    if mark == "fragment":
        return f"{PRELUDE}task<> fragment();\n\ntask<> fragment() {{\n{text}\n  co_return;\n}}\n"
    return text if re.search(r"^\s*#\s*include", text, re.MULTILINE) else PRELUDE + text


def page_name(document, project):
    """README.md is readme, docs/zh/guide/01-server.md is zh_guide_01_server."""
    parts = document.relative_to(project).with_suffix("").parts
    return re.sub(r"\W", "_", "_".join(part for part in parts if part != "docs")).lower()


def main(folder, project, documents):
    for document in documents:
        page = page_name(document, project)
        for line, mark, text in blocks(document):
            if mark and mark.startswith("skip"):
                continue
            file = folder / f"{page}_{line}.cpp"
            new = source(document, line, mark, text)
            if not file.exists() or file.read_text() != new:
                file.write_text(new)
            runs = mark is None and re.search(r"\bint main\(", text)
            print("run" if runs else "compile", file)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), [pathlib.Path(name) for name in sys.argv[3:]])
