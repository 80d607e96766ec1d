#!/usr/bin/env python3
"""What check_includes.py must object to, and what it must let pass."""

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

    def test_its_own_floor_and_those_below_pass(self):
        self.write("src/net/tcp.cpp", "strait/net/tcp.hpp", "strait/core/task.hpp", "engine/engine.hpp", "vector")
        self.assert_complains()

    def test_a_higher_floor_does_not(self):
        self.write("src/core/task.cpp", "strait/net/tcp.hpp")
        self.assert_complains("src/core/task.cpp:1: `core` may not include net/tcp.hpp")

    def test_nor_by_a_path_from_its_own_folder(self):
        self.write("include/strait/base/result.hpp", "../core/task.hpp")
        self.assert_complains("`base` may not include core/task.hpp")

    def test_the_seam_is_for_core_and_net_alone(self):
        self.write("src/io/copy.cpp", "engine/engine.hpp")
        self.assert_complains("`io` may not include engine/engine.hpp")

    def test_which_knows_nothing_of_core_but_the_types_they_share(self):
        self.write("include/strait/core/detail/timer.hpp")
        self.write("src/engine/engine.hpp", "strait/core/detail/timer.hpp")
        self.assert_complains()
        self.write("src/engine/engine.hpp", "strait/core/task.hpp")
        self.assert_complains("`engine` may not include core/task.hpp")

    def test_a_public_header_stays_clear_of_src(self):
        self.write("include/strait/core/loop.hpp", "engine/engine.hpp")
        self.assert_complains("which is not installed")

    def test_asio_is_for_the_engine_and_the_bridge(self):
        self.write("src/engine/asio/reactor.cpp", "asio/io_context.hpp")
        self.write("include/strait/interop/asio.hpp", "asio.hpp", "strait/net/tcp.hpp")
        self.assert_complains()
        self.write("src/net/tcp.cpp", "asio/ip/tcp.hpp")
        self.assert_complains("may include Asio")

    def test_the_umbrella_is_for_users(self):
        self.write("src/core/task.cpp", "strait/strait.hpp")
        self.assert_complains("name the header that is meant")

    def test_a_folder_that_is_no_floor(self):
        self.write("src/extras/thing.cpp")
        self.assert_complains("there is no floor `extras`")


if __name__ == "__main__":
    unittest.main()
