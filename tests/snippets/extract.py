#!/usr/bin/env python3
"""Writes a source file for every ```cpp block of Markdown documents, which the tests then compile and run.

usage: extract.py OUTPUT_FOLDER PROJECT_FOLDER DOCUMENT...

A source file contains what the page tells its reader to type, and nothing else. HTML comments in the page say which
text that is:

    <!-- snippet: preamble -->       the next paragraph or ```cpp block tells the reader how every later block of the
                                     page begins. Of a paragraph, the preamble is its code spans `#include …` and
                                     `using namespace …;`. A block that includes a header itself gets no preamble.
    <!-- snippet: continues -->      the page says that the next block is typed below the block before it
    <!-- snippet: compile-only -->   the next block is a program that cannot run here
    <!-- snippet: error REGEX -->    the compiler must reject the next block with a message that matches the regular
                                     expression (as CMake writes them)

Prints a line for each block: `KIND;FILE;LIBRARIES` with KIND `run` (a block with `int main`), `compile` or
`error REGEX`, and LIBRARIES the CMake targets to link, separated by spaces. A block that needs more than
strait::strait is accepted only on a page that names the target. A block that includes Asio and not strait gets asio::asio.

The port 5000 of the examples is replaced by 0, so that they run beside each other.
"""

import pathlib
import re
import sys

MARK = re.compile(r"\s*<!-- snippet: (preamble|continues|compile-only|error \S.*?) -->\s*$")
ANY_MARK = re.compile(r"\s*<!--\s*snippet")
FENCE = re.compile(r"(\s*)```(\S*)\s*$")
OTHER_NAMES_OF_CPP = {"c++", "cc", "cxx", "C++", "CPP", "Cpp"}
INCLUDE = re.compile(r"^\s*#\s*include", re.MULTILINE)
PREAMBLE_LINE = re.compile(r"`(#include [^`]+|using namespace [^`]+;)`")

# What a header needs besides strait::strait.
LIBRARIES = {"<strait/interop/": "strait::asio", "<asio": "strait::asio", "<strait/tls": "strait::tls",
             "<asio/ssl.hpp>": "OpenSSL::SSL"}


def fail(document, line, message):
    sys.exit(f"{document}:{line}: {message}")


def pieces(document):
    """Yields (number of the first line, mark or None, text, is it a block) of each ```cpp block and marked paragraph."""
    lines = document.read_text().splitlines()
    mark, number = None, 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if fence := FENCE.match(line):
            indent, language = fence.groups()
            if language in OTHER_NAMES_OF_CPP:
                fail(document, number, f"write ```cpp, not ```{language}: other blocks are not compiled")
            first = number
            while number < len(lines) and lines[number].strip() != "```":
                number += 1
            if number == len(lines):
                fail(document, first, "a code block that does not end")
            if language == "cpp":
                text = "".join(body.removeprefix(indent) + "\n" for body in lines[first:number])
                yield first + 1, mark, text, True
            elif mark:
                fail(document, first, "a snippet mark before a block that is not ```cpp")
            mark = None
            number += 1
        elif ANY_MARK.match(line):
            if mark or not (found := MARK.match(line)):
                fail(document, number, "a snippet mark that is unknown, or that follows another one")
            mark = found[1]
        elif mark and line.strip():
            if mark != "preamble":
                fail(document, number, "a snippet mark that is not right before a ```cpp block")
            first = number
            while number < len(lines) and lines[number].strip():
                number += 1
            yield first, mark, "\n".join(lines[first - 1:number]), False
            mark = None


def preamble_of(document, line, text, is_block):
    if is_block:
        return text
    if not (found := PREAMBLE_LINE.findall(text)):
        fail(document, line, "a preamble without `#include …`")
    return "\n".join(found) + "\n"


def libraries_of(document, line, source, page):
    if "<asio" in source and "<strait/" not in source:
        return "asio::asio"
    needed = list(dict.fromkeys(target for header, target in LIBRARIES.items() if header in source))
    for target in needed:
        if target not in page:
            fail(document, line, f"the block needs {target}, and the page does not say so")
    return " ".join(needed) or "strait::strait"


def snippets(document):
    """Yields (number of the first line, kind, source) of each block that is to be compiled."""
    preamble, previous = "", None
    for line, mark, text, is_block in pieces(document):
        if mark == "preamble":
            preamble = preamble_of(document, line, text, is_block)
            continue
        # Errors are reported where they stand in the document.
        text = f'#line {line} "{document}"\n{text}'
        if mark == "continues":
            if previous is None:
                fail(document, line, "a block that continues none")
            text = f"{previous}\n{text}"
        elif not INCLUDE.search(text):
            text = f"{preamble}\n{text}"
        previous = text
        if mark and mark.startswith("error "):
            yield line, mark, text
        elif mark != "compile-only" and re.search(r"\bint main\(", text):
            yield line, "run", text
        else:
            yield line, "compile", text


def page_name(document, project):
    """README.md is readme, docs/zh/guide/01-server.md is zh_guide_01_server."""
    parts = document.relative_to(project).with_suffix("").parts
    return re.sub(r"\W", "_", "_".join(part for part in parts if part != "docs")).lower()


def main(folder, project, documents):
    for document in documents:
        page = document.read_text()
        for line, kind, source in snippets(document):
            source = source.replace(":5000", ":0")
            libraries = libraries_of(document, line, source, page)
            file = folder / f"{page_name(document, project)}_{line}.cpp"
            if not file.exists() or file.read_text() != source:
                file.write_text(source)
            print(kind, file, libraries, sep=";")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), [pathlib.Path(name) for name in sys.argv[3:]])
