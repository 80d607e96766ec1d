#include "server/counted_folder.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "protocol/file_names.hpp"

using namespace strait;

namespace samples::upload {
namespace {

constexpr int to_list = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#if defined(O_PATH)
constexpr int to_go_through = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
#else
constexpr int to_go_through = to_list;
#endif

std::string leaf_of(std::string const& path) { return path.substr(path.rfind('/') + 1); }

error make_error(int code, char const* operation, std::string_view path) {
  return error({code, std::generic_category()}, fmt::format("{} {}", operation, path));
}

struct closing {
  void operator()(DIR* of) const noexcept { ::closedir(of); }
};
using listing = std::unique_ptr<DIR, closing>;

/// Returns null if the folder was removed meanwhile or may not be read.
listing list(int root, std::string const& path) {
  int const opened = ::openat(root, path.c_str(), to_list);
  if (opened < 0 && (errno == ENOENT || errno == EACCES)) return nullptr;
  if (opened < 0) throw make_error(errno, "read directory", path);
  listing made(::fdopendir(opened));
  if (made) return made;
  int const code = errno;
  ::close(opened);
  throw make_error(code, "read directory", path);
}

std::uint64_t size_of(struct ::stat const& found) noexcept { return static_cast<std::uint64_t>(found.st_size); }

bool is_part_older_than(std::chrono::system_clock::time_point oldest, char const* name, struct ::stat const& found) {
  if (!S_ISREG(found.st_mode) || !std::string_view(name).starts_with(reserved_prefix)) return false;
  auto const written = std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
  return written < oldest.time_since_epoch();
}

std::uint64_t counted_size(struct ::stat const& found) noexcept {
  if (S_ISDIR(found.st_mode)) return entry_size;
  return S_ISREG(found.st_mode) ? size_of(found) + entry_size : 0;
}

}  // namespace

std::string folder_of(std::string const& name) {
  auto const slash = name.rfind('/');
  return slash == name.npos ? "." : name.substr(0, slash);
}

bool is_missing(error const& e) noexcept { return e.code() == std::errc::no_such_file_or_directory; }

counted_folder::part::part(counted_folder& in, std::string path, file contents, std::uint64_t kept,
                           std::uint64_t size) noexcept
    : in_(&in), path_(std::move(path)), contents_(std::move(contents)), kept_(kept), size_(size) {}

counted_folder::part::part(part&& other) noexcept
    : in_(std::exchange(other.in_, nullptr)),
      path_(std::move(other.path_)),
      contents_(std::move(other.contents_)),
      kept_(other.kept_),
      size_(other.size_) {}

counted_folder::part::~part() {
  if (!in_) return;
  struct ::stat found = {};
  if (::fstat(contents_.native_handle(), &found) == 0 && size_of(found) < size_) in_->release(size_ - size_of(found));
}

counted_folder::counted_folder(directory folder, std::uint64_t quota) noexcept
    : folder_(std::move(folder)), quota_(quota) {}

task<> counted_folder::count(std::chrono::system_clock::time_point oldest) {
  auto const work = [&] {
    std::uint64_t all = 0;
    walk([&](int in, char const* name, struct ::stat const& found) {
      if (!is_part_older_than(oldest, name, found) || !remove_unless_locked(in, name, false))
        all += counted_size(found);
    });
    used_ = all;
  };
  co_await on_thread_pool(work);
}

task<> counted_folder::remove_old_parts(std::chrono::system_clock::time_point oldest) {
  auto const work = [&] {
    walk([&](int in, char const* name, struct ::stat const& found) {
      if (is_part_older_than(oldest, name, found)) remove_unless_locked(in, name, true);
    });
  };
  co_await on_thread_pool(work);
}

template <class Found>
void counted_folder::walk(Found found) const {
  std::vector<std::string> left{"."};
  while (!left.empty()) {
    auto const path = std::move(left.back());
    left.pop_back();
    auto const here = list(folder_.native_handle(), path);
    if (!here) continue;
    for (;;) {
      errno = 0;
      auto const* const entry = ::readdir(here.get());
      if (!entry && errno != 0) throw make_error(errno, "read directory", path);
      if (!entry) break;
      std::string_view const name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct ::stat status = {};
      int const in = ::dirfd(here.get());
      if (::fstatat(in, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        throw make_error(errno, "stat", fmt::format("{}/{}", path, name));
      }
      if (S_ISDIR(status.st_mode)) left.push_back(path == "." ? std::string(name) : fmt::format("{}/{}", path, name));
      found(in, entry->d_name, status);
    }
  }
}

bool counted_folder::remove_unless_locked(int in, char const* name, bool is_counted) {
  std::lock_guard const lock(changing_);
  file held(::openat(in, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), name);
  struct ::stat found = {};
  if (!held.is_open() || !held.try_lock() || ::fstat(held.native_handle(), &found) != 0) return false;
  if (::unlinkat(in, name, 0) != 0) return false;
  if (is_counted) release(counted_size(found));
  return true;
}

task<> counted_folder::create_directories(std::string path) {
  auto const work = [&] { create_directories_blocking(path); };
  co_await on_thread_pool(work);
}

void counted_folder::create_directories_blocking(std::string const& path) {
  if (path == ".") return;
  file here;
  for (std::size_t begin = 0, end = 0; end != path.npos; begin = end + 1) {
    end = path.find('/', begin);
    auto const name = path.substr(begin, end == path.npos ? end : end - begin);
    int const in = here.is_open() ? here.native_handle() : folder_.native_handle();
    int inner = ::openat(in, name.c_str(), to_go_through);
    if (inner < 0 && errno == ENOENT) {
      reserve(entry_size);
      if (::mkdirat(in, name.c_str(), 0777) != 0) {
        int const code = errno;
        release(entry_size);
        if (code != EEXIST)
          throw make_error(code, "create directory", path);  // EEXIST: another connection has created it
      }
      inner = ::openat(in, name.c_str(), to_go_through);
    }
    if (inner < 0) throw make_error(errno, "create directory", path);
    here = file(inner, name);
  }
}

task<std::optional<counted_folder::part>> counted_folder::open_part(std::string path, std::uint64_t size,
                                                                    unsigned permissions) {
  auto const parent = co_await folder_.open_directory(folder_of(path));
  auto const work = [&] { return open_part_blocking(parent.native_handle(), path, size, permissions); };
  co_return co_await on_thread_pool(work);
}

std::optional<counted_folder::part> counted_folder::open_part_blocking(int in, std::string const& path,
                                                                       std::uint64_t size, unsigned permissions) {
  auto const leaf = leaf_of(path);
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  std::lock_guard const lock(changing_);
  int opened = ::openat(in, leaf.c_str(), flags | O_CREAT | O_EXCL, permissions);
  bool const is_new = opened >= 0;
  if (!is_new && errno == EEXIST) opened = ::openat(in, leaf.c_str(), flags);
  if (opened < 0) throw make_error(errno, "open", path);
  file contents(opened, path);
  if (!contents.try_lock()) return std::nullopt;

  struct ::stat found = {};
  if (::fstat(opened, &found) != 0) throw make_error(errno, "stat", path);
  auto kept = size_of(found);
  auto const counted = is_new ? 0 : counted_size(found);
  auto const in_full = size + entry_size;
  try {
    if (in_full > counted) reserve(in_full - counted);
  } catch (over_quota const&) {
    if (kept == 0 && ::unlinkat(in, leaf.c_str(), 0) == 0) release(counted);
    throw;
  }
  if (kept > size) {  // not written by this server
    if (::ftruncate(opened, 0) != 0) throw make_error(errno, "write to", path);
    release(kept - size);
    kept = 0;
  }
  return part(*this, path, std::move(contents), kept, size);
}

task<> counted_folder::remove(part& what) {
  try {
    co_await folder_.remove(what.path_);
  } catch (error const& e) {
    if (!is_missing(e)) throw;
  }
  what.in_ = nullptr;
  release(what.size_ + entry_size);
}

task<> counted_folder::rename(part& what, std::string name, if_exists mode) {
  if (mode == if_exists::fail) {
    co_await folder_.rename(what.path_, std::move(name), mode);
    what.in_ = nullptr;
    co_return;
  }
  auto const parent = co_await folder_.open_directory(folder_of(name));
  auto const work = [&] {
    auto const leaf = leaf_of(name);
    int const in = parent.native_handle();
    std::lock_guard const lock(changing_);
    struct ::stat replaced = {};
    bool const replaces = ::fstatat(in, leaf.c_str(), &replaced, AT_SYMLINK_NOFOLLOW) == 0;
    if (::renameat(in, leaf_of(what.path_).c_str(), in, leaf.c_str()) != 0)
      throw make_error(errno, "rename", what.path_);
    what.in_ = nullptr;
    if (replaces) release(counted_size(replaced));
  };
  co_await on_thread_pool(work);
}

void counted_folder::reserve(std::uint64_t bytes) {
  auto used = used_.load();
  do {
    if (bytes > quota_ || used > quota_ - bytes) throw over_quota();
  } while (!used_.compare_exchange_weak(used, used + bytes));
}

void counted_folder::release(std::uint64_t bytes) noexcept {
  auto used = used_.load();
  while (!used_.compare_exchange_weak(used, used > bytes ? used - bytes : 0)) {}
}

}  // namespace samples::upload
