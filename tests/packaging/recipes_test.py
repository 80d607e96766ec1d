"""What can be checked of the packages' recipes and of the page about importing without vcpkg and Conan."""

import json
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/importing.md").read_text()


def version():
    header = (ROOT / "include/strait/version.hpp").read_text()
    return ".".join(re.findall(r"define STRAIT_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))


def options():
    """strait's own options, as CMake declares them."""
    text = (ROOT / "CMakeLists.txt").read_text()
    declared = set(re.findall(r"(?:option\(|set\()(STRAIT_[A-Z_0-9]+)", text))
    pins = re.findall(r"^ +([A-Z0-9]+)=[0-9a-f]{40}", (ROOT / "cmake/dependencies.cmake").read_text(), re.MULTILINE)
    return declared | {f"STRAIT_{name}_TAG" for name in pins}


class Recipes(unittest.TestCase):
    def test_the_port_has_the_version_of_the_header(self):
        manifest = json.loads((ROOT / "packaging/vcpkg/strait/vcpkg.json").read_text())
        self.assertEqual(manifest["version"], version())

    def test_the_recipes_set_options_that_exist(self):
        for file in ("packaging/vcpkg/strait/portfile.cmake", "packaging/conan/conanfile.py"):
            used = set(re.findall(r"STRAIT_[A-Z_0-9]+(?==|\"\] =)", (ROOT / file).read_text()))
            self.assertTrue(used, file)
            self.assertLessEqual(used, options(), file)

    def test_the_recipes_for_conan_are_python(self):
        for file in (ROOT / "packaging/conan").rglob("*.py"):
            compile(file.read_text(), str(file), "exec")


class Page(unittest.TestCase):
    def test_the_page_lists_every_option(self):
        self.assertEqual(set(re.findall(r"`(STRAIT_[A-Z_0-9]+)`", PAGE)), options())

    def test_the_page_names_the_version_of_the_header(self):
        major_and_minor = version().rpartition(".")[0]
        self.assertIn(f"GIT_TAG v{version()})", PAGE)
        self.assertIn(f"libstrait-dev_{version()}_", PAGE)
        self.assertEqual(set(re.findall(r"(?:find_package|find_dependency)\(strait ([0-9.]+)", PAGE)), {major_and_minor})


if __name__ == "__main__":
    unittest.main()
