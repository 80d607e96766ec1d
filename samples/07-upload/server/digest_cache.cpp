#include "server/digest_cache.hpp"

#include <ctime>

#include <sys/stat.h>

using namespace strait;

namespace samples::upload {
namespace {

// The kernel's time stamps may have a resolution of several milliseconds.
constexpr std::int64_t least_age = 100'000'000;  // nanoseconds

std::int64_t nanoseconds(timespec const& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::optional<digest_cache::version> digest_cache::version_of(file const& what) {
  struct stat found = {};
  timespec now = {};
  if (::fstat(what.native_handle(), &found) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0) return std::nullopt;
  auto const changed_at = nanoseconds(found.st_ctim);
  if (nanoseconds(now) - changed_at < least_age) return std::nullopt;
  return version{static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino),
                 static_cast<std::uint64_t>(found.st_size), static_cast<std::uint64_t>(nanoseconds(found.st_mtim)),
                 static_cast<std::uint64_t>(changed_at)};
}

std::optional<digest> digest_cache::find(version const& what) {
  std::lock_guard const lock(mutex_);
  auto const found = known_.find(what);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void digest_cache::add(version const& what, digest const& contents) {
  std::lock_guard const lock(mutex_);
  if (known_.size() >= max_entries) known_.clear();
  known_.insert_or_assign(what, contents);
}

}  // namespace samples::upload
