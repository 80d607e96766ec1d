// Digests of files, without holding the loop up.
#pragma once

#include <cstdint>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"

namespace samples::upload {

/// Adds what is in `from` between the offsets `begin` and `end`, which it must reach. The thread pool does it, but for
/// little things. A cancel is heeded every few megabytes; what has been added by then nobody knows.
[[nodiscard]] strait::task<> add_range(digester& into, strait::file& from, std::uint64_t begin, std::uint64_t end);

}  // namespace samples::upload
