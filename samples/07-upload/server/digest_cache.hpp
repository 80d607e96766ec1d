// digest_cache: remembers the digests of stored files, so that they need not be read again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"

namespace samples::upload {

/// Thread-safe.
class digest_cache {
 public:
  /// Identifies the contents of a file: device, inode, size, and the times of the last change of contents and inode, in
  /// nanoseconds.
  using version = std::array<std::uint64_t, 5>;

  /// Returns nothing if the file changed so recently that another change could have the same times.
  [[nodiscard]] static std::optional<version> version_of(strait::file const& what);

  [[nodiscard]] std::optional<digest> find(version const& what);
  void add(version const& what, digest const& contents);

 private:
  static constexpr std::size_t max_entries = 64 * 1024;
  std::mutex mutex_;
  std::map<version, digest> known_;
};

}  // namespace samples::upload
