// A second source of a program, which is compiled together with the first in a unity build.
#include <strait/strait.hpp>

#include <string>

std::string version_text() { return fmt::format("strait {}", strait::library_version); }
