// Determines where the contents of a file are stored.
#include "io/file_place.hpp"

#if defined(__linux__)

#include <limits>

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#endif

namespace strait::detail {

#if defined(__linux__)

file_place place_of(file const& what, std::uint64_t offset, std::uint64_t count) noexcept {
  constexpr std::uint64_t last = std::numeric_limits<off_t>::max();
  if (offset > last || count > last - offset) return file_place::elsewhere;
  struct stat kind = {};
  if (::fstat(what.native_handle(), &kind) != 0 || !S_ISREG(kind.st_mode)) return file_place::elsewhere;
  struct statfs system = {};
  if (::fstatfs(what.native_handle(), &system) != 0) return file_place::disk;
  switch (system.f_type) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case HUGETLBFS_MAGIC: return file_place::memory;
    default: return file_place::disk;
  }
}

#else

file_place place_of(file const&, std::uint64_t, std::uint64_t) noexcept { return file_place::elsewhere; }

#endif

}  // namespace strait::detail
