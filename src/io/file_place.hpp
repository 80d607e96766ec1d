// file_place: where the contents of a file are stored, which determines what thread may wait for it.
#pragma once

#include <cstdint>

#include "strait/io/file.hpp"

namespace strait::detail {

enum class file_place : unsigned char {
  memory,    ///< a file system without a disk
  disk,      ///< a regular file on any other file system
  elsewhere  ///< for example a pipe, or the type is unknown: use only read and write
};

/// Does not wait. Also returns `elsewhere` if a file cannot have the bytes [offset, offset + count).
[[nodiscard]] file_place place_of(file const& what, std::uint64_t offset, std::uint64_t count) noexcept;

}  // namespace strait::detail
