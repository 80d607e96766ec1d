#!/usr/bin/env python3
"""Tests which includes check_includes.py rejects and which it accepts."""

import pathlib
import tempfile
import unittest

from check_includes import complaints


class CheckIncludes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for header in ("base/error", "core/task", "net/tcp", "io/stream"):
            self.write(f"include/strait/{header}.hpp")
        self.write("include/strait/strait.hpp", "strait/io/stream.hpp")
        self.write("src/engine/engine.hpp")

    def write(self, path, *includes):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f'#include "{name}"\n' for name in includes))

    def assert_complains(self, *sentences):
        found = list(complaints(self.root))
        self.assertEqual(len(found), len(sentences), found)
        for complaint, sentence in zip(found, sentences):
            self.assertIn(sentence, complaint)

    def test_includes_of_the_own_floor_and_those_below_are_accepted(self):
        self.write("src/net/tcp.cpp", "strait/net/tcp.hpp", "strait/core/task.hpp", "engine/engine.hpp", "vector")
        self.assert_complains()

    def test_an_include_of_a_higher_floor_is_rejected(self):
        self.write("src/core/task.cpp", "strait/net/tcp.hpp")
        self.assert_complains("src/core/task.cpp:1: `core` may not include net/tcp.hpp")

    def test_an_include_of_a_higher_floor_by_a_relative_path_is_rejected(self):
        self.write("include/strait/base/result.hpp", "../core/task.hpp")
        self.assert_complains("`base` may not include core/task.hpp")

    def test_only_core_and_net_may_include_the_engine(self):
        self.write("src/io/copy.cpp", "engine/engine.hpp")
        self.assert_complains("`io` may not include engine/engine.hpp")

    def test_the_engine_may_include_only_the_shared_types_of_core(self):
        self.write("include/strait/core/detail/timer.hpp")
        self.write("src/engine/engine.hpp", "strait/core/detail/timer.hpp")
        self.assert_complains()
        self.write("src/engine/engine.hpp", "strait/core/task.hpp")
        self.assert_complains("`engine` may not include core/task.hpp")

    def test_a_public_header_must_not_include_from_src(self):
        self.write("include/strait/core/loop.hpp", "engine/engine.hpp")
        self.assert_complains("which is not installed")

    def test_only_the_engine_and_the_bridge_may_include_asio(self):
        self.write("src/engine/asio/reactor.cpp", "asio/io_context.hpp")
        self.write("include/strait/interop/asio.hpp", "asio.hpp", "strait/net/tcp.hpp")
        self.assert_complains()
        self.write("src/net/tcp.cpp", "asio/ip/tcp.hpp")
        self.assert_complains("may include Asio")

    def test_strait_hpp_must_not_be_included_by_the_library(self):
        self.write("src/core/task.cpp", "strait/strait.hpp")
        self.assert_complains("include the header that is needed instead")

    def test_a_folder_that_is_not_a_floor_is_rejected(self):
        self.write("src/extras/thing.cpp")
        self.assert_complains("unknown floor `extras`")


if __name__ == "__main__":
    unittest.main()
