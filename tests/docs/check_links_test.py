#!/usr/bin/env python3
"""Tests that check_links.py accepts right links and reports wrong ones."""

import pathlib
import tempfile
import unittest

import check_links


class Links(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.project = pathlib.Path(folder.name).resolve()
        (self.project / "docs").mkdir()
        (self.project / "docs" / "other.md").write_text("# Other\n\n## A *second* heading: `code`, too\n\n## Twice\n\n## Twice\n")

    def faults(self, text):
        page = self.project / "page.md"
        page.write_text(text)
        return list(check_links.faults(self.project, page))

    def test_a_right_link_is_accepted(self):
        self.assertEqual([], self.faults("[a](docs/other.md) [b](docs) [c](https://example.com/x) [d](#here)\n\n# Here\n"))

    def test_a_missing_file_is_reported(self):
        self.assertEqual(["page.md:2: docs/othr.md: there is no such file"], self.faults("\n[a](docs/othr.md)\n"))

    def test_a_missing_image_is_reported(self):
        self.assertEqual(["page.md:1: a.svg: there is no such file"], self.faults("![a](a.svg)\n"))

    def test_a_heading_has_githubs_name(self):
        self.assertEqual([], self.faults("[a](docs/other.md#a-second-heading-code-too) [b](docs/other.md#twice-1)\n"))

    def test_a_missing_heading_is_reported(self):
        self.assertEqual(["page.md:1: docs/other.md#second: there is no such heading"],
                         self.faults("[a](docs/other.md#second)\n"))

    def test_a_link_out_of_the_project_is_reported(self):
        self.assertEqual(["page.md:1: ../x leads out of the project"],
                         self.faults("[a](../x)\n"))

    def test_code_holds_no_links(self):
        self.assertEqual([], self.faults("`[&](nothing)` and\n\n```cpp\nf([&](task_group& g) {});\n[a](b)\n```\n"))


if __name__ == "__main__":
    unittest.main()
