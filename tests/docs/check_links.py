#!/usr/bin/env python3
"""Checks the links of all Markdown pages: the file or folder must exist, and so must the heading behind a `#`.

usage: check_links.py PROJECT_FOLDER [PAGE...]

Without pages, checks every *.md that git knows of, or, without git, that the project contains, but for docs/site,
whose pages have their places on the website only. Links to the web are not followed. A heading's name is what GitHub makes
of it.
"""

import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\]|`[^`]*`)*\]\(([^()\s]+(?:\([^()\s]*\))?)(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\s{0,3}\[[^\]^]+\]:\s+(\S+)", re.MULTILINE)
HTML_TARGET = re.compile(r"\b(?:href|src)=\"([^\"]+)\"")
HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^\s*(```+|~~~+)")
CODE_SPAN = re.compile(r"(`+)(.+?)\1")


def prose_lines(text):
    """Yields (line number, line) of everything that is not in a code block."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        if found := FENCE.match(line):
            if fence is None:
                fence = found[1]
                continue
            if found[1].startswith(fence):
                fence = None
                continue
        if fence is None:
            yield number, line


def anchor(heading):
    """GitHub's name of a heading: lower case, without punctuation, with hyphens for spaces."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(text):
    found = set()
    for _, line in prose_lines(text):
        if heading := HEADING.match(line):
            name = anchor(heading[2])
            unique, count = name, 0
            while unique in found:
                count += 1
                unique = f"{name}-{count}"
            found.add(unique)
        found.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
    return found


def links(text):
    """Yields (line number, target) of each link that is not code."""
    for number, line in prose_lines(text):
        line = CODE_SPAN.sub(lambda code: "`" * len(code[0]), line)
        for pattern in (LINK, REFERENCE, HTML_TARGET):
            for found in pattern.finditer(line):
                yield number, found[1]


def faults(project, page):
    """Yields a sentence for each link that leads nowhere."""
    text = page.read_text()
    for number, target in links(text):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        path, _, name = target.partition("#")
        where = f"{page.relative_to(project)}:{number}"
        file = (page.parent / path).resolve() if path else page
        if path.startswith("/") or not file.is_relative_to(project):
            yield f"{where}: {target} leads out of the project"
        elif not file.exists():
            yield f"{where}: {target}: there is no such file"
        elif name and file.suffix == ".md" and name not in anchors(file.read_text()):
            yield f"{where}: {target}: there is no such heading"


def pages_of(project):
    listed = subprocess.run(["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        pages = (project / name for name in listed.stdout.split("\0") if name)
    else:
        pages = (page for page in project.rglob("*.md") if "build" not in page.relative_to(project).parts)
    return sorted(page for page in pages if page.exists() and not page.is_relative_to(project / "docs" / "site"))


def main(project, *pages):
    project = pathlib.Path(project).resolve()
    pages = [pathlib.Path(page).resolve() for page in pages] or pages_of(project)
    found = [fault for page in pages for fault in faults(project, page)]
    print("\n".join(found) if found else f"the links of {len(pages)} pages are right")
    return bool(found)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
