// Computes digests of files without blocking the event loop.
#pragma once

#include <cstdint>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"

namespace samples::upload {

/// Adds the bytes of `from` from offset `begin` to `end`. Throws if the file is shorter. Larger ranges are read on the
/// thread pool. Cancellation takes effect after at most a few megabytes; the digest is then unspecified.
[[nodiscard]] strait::task<> add_range(digester& into, strait::file& from, std::uint64_t begin, std::uint64_t end);

}  // namespace samples::upload
