#!/usr/bin/env python3
"""Tests that extract.py writes what the page tells its reader to type, and nothing else."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

EXTRACT = pathlib.Path(__file__).with_name("extract.py")


def extracted(page):
    """(exit status, [(kind, source without its #line directives, libraries)] or the message)."""
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder)
        (project / "docs").mkdir()
        document = project / "docs" / "page.md"
        document.write_text(page)
        done = subprocess.run([sys.executable, EXTRACT, folder, folder, document], capture_output=True, text=True)
        if done.returncode != 0:
            return done.returncode, done.stderr
        found = []
        for line in done.stdout.splitlines():
            kind, file, libraries = line.split(";")
            lines = pathlib.Path(file).read_text().splitlines()
            found.append((kind, [line for line in lines if line and not line.startswith("#line")], libraries))
        return 0, found


class Extract(unittest.TestCase):
    def test_a_block_is_compiled_as_it_stands(self):
        self.assertEqual(extracted("```cpp\nint x;\n```\n"), (0, [("compile", ["int x;"], "strait::strait")]))

    def test_a_preamble_is_what_the_page_says(self):
        page = ("<!-- snippet: preamble -->\nBegin with `#include <a>` and `using namespace b;`, not `c`.\n\n"
                "```cpp\nint x;\n```\n```cpp\n#include <d>\n```\n")
        _, found = extracted(page)
        self.assertEqual([source for _, source, _ in found],
                         [["#include <a>", "using namespace b;", "int x;"], ["#include <d>"]])

    def test_a_preamble_may_be_a_block(self):
        _, found = extracted("<!-- snippet: preamble -->\n```cpp\n#include <a>\n```\n\n```cpp\nint main() {}\n```\n")
        self.assertEqual(found, [("run", ["#include <a>", "int main() {}"], "strait::strait")])

    def test_only_a_block_that_continues_another_is_compiled_below_it(self):
        page = "```cpp\nint a;\n```\n<!-- snippet: continues -->\n```cpp\nint b;\n```\n```cpp\nint c;\n```\n"
        _, found = extracted(page)
        self.assertEqual([source for _, source, _ in found], [["int a;"], ["int a;", "int b;"], ["int c;"]])

    def test_a_block_that_must_not_compile_is_marked(self):
        _, found = extracted("<!-- snippet: error no such thing -->\n```cpp\nx;\n```\n")
        self.assertEqual(found, [("error no such thing", ["x;"], "strait::strait")])

    def test_a_page_must_name_the_library_that_a_block_needs(self):
        block = "```cpp\n#include <strait/interop/asio.hpp>\n```\n"
        status, message = extracted(block)
        self.assertNotEqual(status, 0)
        self.assertIn("the block needs strait::asio, and the page does not say so", message)
        self.assertEqual(extracted("Link `strait::asio`.\n\n" + block)[1][0][2], "strait::asio")

    def test_a_block_with_asio_alone_is_linked_to_asio(self):
        self.assertEqual(extracted("```cpp\n#include <asio.hpp>\n```\n")[1][0][2], "asio::asio")

    def test_mistakes_in_a_page_are_reported(self):
        for page in ("<!-- snippet: compile_only -->\n```cpp\n```\n",
                     "<!-- snippet: compile-only -->\ntext\n",
                     "<!-- snippet: compile-only -->\n```console\n```\n",
                     "<!-- snippet: continues -->\n```cpp\n```\n",
                     "<!-- snippet: preamble -->\nno code\n",
                     "```c++\nint x;\n```\n",
                     "```cpp\nint x;\n"):
            self.assertNotEqual(extracted(page)[0], 0, page)


if __name__ == "__main__":
    unittest.main()
