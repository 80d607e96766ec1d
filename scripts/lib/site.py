#!/usr/bin/env python3
"""Makes HTML of the Markdown pages, and of the files and folders that they link to; copies the public headers for Doxygen,
with the comment at the top of each as the documentation of the file.

usage: site.py PROJECT_FOLDER SITE_FOLDER HEADERS_FOLDER
"""

import html
import os
import pathlib
import re
import shutil
import subprocess
import sys

import markdown
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename, TextLexer
from pygments.util import ClassNotFound

NAVIGATION = [
    ("", [("README.md", "Start"), ("docs/importing.md", "Importing strait"), ("docs/zh/README.md", "中文")]),
    ("The guide", "docs/guide"),
    ("指南", "docs/zh/guide"),
    ("Coming from", [("docs/coming-from-asyncio.md", "asyncio"), ("docs/coming-from-asio.md", "Asio"),
                     ("docs/coming-from-go-and-tokio.md", "Go or Tokio")]),
    ("More", [("samples/README.md", "Samples"), ("docs/reliability.md", "Failures"),
              ("docs/performance.md", "Performance"), ("docs/interop.md", "With Asio"),
              ("docs/README.md", "All pages"), ("reference/index.html", "Reference")]),
    ("The project", [("docs/architecture.md", "Architecture"), ("CONTRIBUTING.md", "Contributing"), ("CHANGELOG.md", "Changes")]),
]

CHINESE = "[\u3000-\u9fff\uff00-\uffef]"

TEMPLATE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{root}style.css">
<link rel="stylesheet" href="{root}code.css">
</head>
<body>
<div class="page">
<nav>
<a class="name" href="{root}index.html">strait</a>
{navigation}
</nav>
<main>
{body}
</main>
</div>
</body>
</html>
"""


def anchor(heading, separator="-"):
    """GitHub's name of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)


def title_of(text):
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return re.sub(r"[`*]", "", found[1]) if found else "strait"


class Site:
    def __init__(self, project, folder):
        self.project, self.folder = project, folder
        listed = subprocess.run(["git", "-C", project, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, text=True, check=True)
        self.files = sorted(name for name in listed.stdout.split("\0") if name and (project / name).is_file())
        self.wanted = []  # what pages link to that is not a page

    def pages(self):
        return [name for name in self.files if name.endswith(".md") and not name.startswith((".github", "docs/site/"))]

    def address(self, name):
        """Where a file or folder of the project is on the site."""
        if name == "README.md":
            return "index.html"
        if name.endswith(".md"):
            return name[:-3] + ".html"
        if (self.project / name).is_dir():
            return f"{name}/README.html" if f"{name}/README.md" in self.files else f"{name}/index.html"
        if name.endswith((".svg", ".png", ".html")):
            return name
        return name + ".html"

    def relative(self, target, page):
        return os.path.relpath(target, os.path.dirname(self.address(page)) or ".")

    def navigation(self, page):
        lines = []
        for title, entries in NAVIGATION:
            if isinstance(entries, str):
                entries = [(name, title_of((self.project / name).read_text()))
                           for name in self.files if name.startswith(entries + "/") and name.endswith(".md")]
            if title:
                lines.append(f"<h2>{title}</h2>")
            lines.append("<ul>")
            for name, text in entries:
                here = ' class="here"' if name == page else ""
                lines.append(f'<li><a href="{self.relative(self.address(name), page)}"{here}>{html.escape(text)}</a></li>')
            lines.append("</ul>")
        return "\n".join(lines)

    def link(self, target, page):
        """The address on the site of what a page links to."""
        if re.match(r"[a-z][a-z+.-]*:", target) or target.startswith("#"):
            return target
        path, hash_sign, name = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(page), path))
        if not (self.project / file).exists():
            return target
        if not file.endswith(".md"):
            self.wanted.append(file)
        return self.relative(self.address(file), page) + hash_sign + name

    def write(self, page, title, body):
        file = self.folder / self.address(page)
        file.parent.mkdir(parents=True, exist_ok=True)
        root = self.relative("index.html", page)[:-len("index.html")]
        language = "zh" if page.startswith("docs/zh") else "en"
        file.write_text(TEMPLATE.format(language=language, title=html.escape(title), root=root,
                                        navigation=self.navigation(page), body=body))

    def write_page(self, page):
        text = (self.project / page).read_text()
        text = re.sub(rf"({CHINESE})\n(?={CHINESE})", r"\1", text)  # a line break is no space there
        body = markdown.markdown(
            re.sub(r"^<!-- snippet: .*? -->\n", "", text, flags=re.MULTILINE),
            extensions=["tables", "fenced_code", "codehilite", "toc", "sane_lists"],
            extension_configs={"codehilite": {"guess_lang": False, "css_class": "code"}, "toc": {"slugify": anchor}})
        body = re.sub(r'(<(?:a|img)\b[^>]*?\b(?:href|src)=")([^"]+)"',
                      lambda found: found[1] + html.escape(self.link(html.unescape(found[2]), page)) + '"', body)
        self.write(page, title_of(text), body)

    def write_source(self, name):
        if name.endswith((".svg", ".png")):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.project / name, self.folder / name)
            return
        text = (self.project / name).read_text(errors="replace")
        try:
            lexer = get_lexer_for_filename(name)
        except ClassNotFound:
            lexer = TextLexer()
        self.write(name, name, f"<h1>{html.escape(name)}</h1>\n" + highlight(text, lexer, HtmlFormatter(cssclass="code")))

    def write_folder(self, name):
        if f"{name}/README.md" in self.files:
            return
        inside = [file for file in self.files if file.startswith(name + "/")]
        self.wanted += inside
        here = name + "/index.html"
        items = "\n".join(f'<li><a href="{os.path.relpath(self.address(file), name)}">{html.escape(file)}</a></li>' for file in inside)
        self.write(here, name, f"<h1>{html.escape(name)}</h1>\n<ul>\n{items}\n</ul>")

    def build(self):
        for page in self.pages():
            self.write_page(page)
        done = set()
        while self.wanted:
            name = self.wanted.pop()
            if name in done or name.endswith(".md"):
                continue
            done.add(name)
            self.write_folder(name) if (self.project / name).is_dir() else self.write_source(name)
        shutil.copy(self.project / "docs/site/style.css", self.folder / "style.css")
        (self.folder / "code.css").write_text(HtmlFormatter(style="friendly").get_style_defs(".code") + "\n.code { background: none; }\n")


def copy_headers(project, folder):
    for header in (project / "include").rglob("*.hpp"):
        if "detail" in header.parts:
            continue
        lines = header.read_text().splitlines(keepends=True)
        end = next((number for number, line in enumerate(lines) if not line.startswith("//")), len(lines))
        comment = re.sub(r"(`[^`]*`)|<(\w*)>", lambda found: found[1] or f"&lt;{found[2]}&gt;", "".join(lines[:end]))
        lines[:end] = ["/// @file\n", *("/" + line for line in comment.splitlines(keepends=True))]
        copy = folder / header.relative_to(project)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("".join(lines))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    project, site, headers = (pathlib.Path(folder).resolve() for folder in sys.argv[1:])
    copy_headers(project, headers)
    Site(project, site).build()
