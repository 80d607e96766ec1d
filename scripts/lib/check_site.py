#!/usr/bin/env python3
"""Checks that every link of the site's own pages leads to a file of the site and to a name in it.

usage: check_site.py SITE_FOLDER
"""

import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, file):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(file.read_text(errors="replace"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.names.update(value for key, value in attributes.items() if key in ("id", "name"))
        self.links += [value for key, value in attributes.items() if key in ("href", "src") and value]


def main(site):
    pages = {file: Page(file) for file in site.rglob("*.html")}
    faults = 0
    for file, page in pages.items():
        if "reference" in file.relative_to(site).parts:
            continue
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else file
            name = urllib.parse.unquote(parts.fragment)
            if not target.exists() or (name and target in pages and name not in pages[target].names):
                print(f"{file.relative_to(site)}: {link} leads nowhere", file=sys.stderr)
                faults += 1
    return faults != 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
