// file_place: what lies behind a file, and with it which thread may wait for it.
#pragma once

#include <cstdint>

#include "strait/io/file.hpp"

namespace strait::detail {

enum class file_place : unsigned char {
  memory,    ///< of a file system without a disk
  disk,      ///< or the like: a regular file
  elsewhere  ///< a pipe, say, or a system of which too little is known: only reads and writes
};

/// Does not wait. `elsewhere`, too, if bytes [offset, offset + count) are more than a file can have.
[[nodiscard]] file_place place_of(file const& what, std::uint64_t offset, std::uint64_t count) noexcept;

}  // namespace strait::detail
