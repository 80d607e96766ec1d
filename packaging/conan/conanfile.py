"""Conan 2 recipe, which builds the clone that it lies in: `conan create packaging/conan --build=missing`."""

import pathlib
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy

required_conan_version = ">=2.0"


class StraitConan(ConanFile):
    name = "strait"
    description = "Network servers and clients as straight-line C++20 coroutines"
    license = "BSL-1.0"
    url = "https://github.com/strait-net/strait"  # PLACEHOLDER: where your copy of this repository is
    homepage = url
    topics = ("network", "server", "coroutines", "asio")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    implements = ["auto_shared_fpic"]

    def _clone(self):
        return pathlib.Path(self.recipe_folder).parents[1]

    def set_version(self):
        header = (self._clone() / "include/strait/version.hpp").read_text()
        self.version = ".".join(re.findall(r"define STRAIT_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*"):
            copy(self, pattern, src=self._clone(), dst=self.export_sources_folder)

    def requirements(self):
        self.requires("fmt/[>=9 <13]", transitive_headers=True, transitive_libs=True)
        self.requires("asio/[>=1.22.1 <2]")  # only the bridge's headers include it

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["STRAIT_BUILD_TESTS"] = False
        toolchain.cache_variables["STRAIT_BUILD_SAMPLES"] = False
        toolchain.cache_variables["STRAIT_INSTALL"] = True
        toolchain.cache_variables["FETCHCONTENT_FULLY_DISCONNECTED"] = True
        toolchain.cache_variables["Asio_ROOT"] = pathlib.Path(self.dependencies["asio"].package_folder).as_posix()
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", src=self.source_folder, dst=f"{self.package_folder}/licenses")

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "strait")
        library = self.cpp_info.components["library"]
        library.libs = ["strait"]
        library.requires = ["fmt::fmt"]
        library.set_property("cmake_target_name", "strait::strait")
        library.set_property("pkg_config_name", "strait")
        if not self.options.shared:
            library.defines = ["STRAIT_STATIC"]
        if self.settings.os == "Linux":
            library.system_libs = ["pthread"]
        bridge = self.cpp_info.components["asio"]  # for programs that include strait/interop/asio.hpp
        bridge.libs = ["strait_asio"]
        bridge.requires = ["library", "asio::asio"]
        bridge.set_property("cmake_target_name", "strait::asio")
        bridge.set_property("pkg_config_name", "strait-asio")
