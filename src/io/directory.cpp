// Directories: each operation is one call on the thread pool.
#include "strait/io/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "io/file_calls.hpp"
#include "io/path_beneath.hpp"
#include "net/descriptor.hpp"
#include "strait/base/error.hpp"
#include "strait/core/thread_pool.hpp"

namespace strait {
namespace {

/// The name of `path` in the directory, for messages and for what is opened there.
std::string name_in(directory const& in, std::string_view path) {
  auto const shown = detail::shown(path);
  if (shown.starts_with('/') || in.name().empty()) return shown;
  if (shown == ".") return in.name();
  return fmt::format("{}{}{}", in.name(), in.name().ends_with('/') ? "" : "/", shown);
}

std::string context_of(char const* operation, directory const& in, std::string_view path) {
  return fmt::format("{} {}", operation, name_in(in, path));
}

/// Validates `path`.
detail::path_beneath path_of(directory const& in, std::string_view path, std::string_view context) {
  if (!in.is_open()) throw error(errc::closed, context);
  return {path, context};
}
/// The same for a path that must not be the directory itself.
detail::path_beneath path_within(directory const& in, std::string_view path, std::string_view context) {
  auto checked = path_of(in, path, context);
  if (checked.is_self())
    throw error(std::make_error_code(std::errc::invalid_argument), context, "the path is the directory itself");
  return checked;
}

constexpr int to_list = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// The following functions return 0 or an errno.

int rename_in_two_steps(int from, char const* old_name, int to, char const* new_name) noexcept {
  if (::linkat(from, old_name, to, new_name, 0) != 0) return errno;
  if (::unlinkat(from, old_name, 0) == 0) return 0;
  int const code = errno;
  ::unlinkat(to, new_name, 0);
  return code;
}

/// renameat(2), but fails with EEXIST if the new name exists.
int rename_to_new(int from, char const* old_name, int to, char const* new_name) noexcept {
#if defined(SYS_renameat2) && defined(RENAME_NOREPLACE)
  if (detail::uses_new_calls()) {
    if (::syscall(SYS_renameat2, from, old_name, to, new_name, RENAME_NOREPLACE) == 0) return 0;
    // EINVAL: the file system does not support it. For EPERM, see open_beneath.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return errno;
  }
#endif
  return rename_in_two_steps(from, old_name, to, new_name);
}

int remove_at(int from, char const* name) noexcept {
  if (::unlinkat(from, name, 0) == 0) return 0;
  // For a directory, POSIX specifies EPERM, and Linux returns EISDIR.
  int const code = errno;
  if (code != EISDIR && code != EPERM) return code;
  if (::unlinkat(from, name, AT_REMOVEDIR) == 0) return 0;
  return errno == ENOTDIR ? code : errno;
}

int sync_directory(int descriptor) noexcept {
  int const code = detail::sync_to_disk(descriptor);
  return code == EINVAL ? 0 : code;  // some file systems do not need it
}

/// Creates one directory, if it does not exist, and opens it.
detail::unique_descriptor make_directory(int in, std::string const& name, std::string_view context) {
  if (::mkdirat(in, name.c_str(), 0777) != 0 && errno != EEXIST) throw detail::system_failure(errno, context);
  return detail::open_place(in, name, context);
}

file_status::kind kind_of(int in, dirent const& entry) noexcept {
#if defined(DT_UNKNOWN)
  if (entry.d_type != DT_UNKNOWN) return detail::kind_of(static_cast<mode_t>(DTTOIF(entry.d_type)));
#endif
  // Not every file system fills in d_type.
  struct stat there = {};
  if (::fstatat(in, entry.d_name, &there, AT_SYMLINK_NOFOLLOW) != 0) return file_status::kind::other;
  return detail::kind_of(there.st_mode);
}

std::vector<directory_entry> list(detail::unique_descriptor opened, std::string_view context) {
  struct closing {
    void operator()(DIR* of) const noexcept { ::closedir(of); }
  };
  std::unique_ptr<DIR, closing> const listing(::fdopendir(opened.get()));
  if (!listing) throw detail::system_failure(errno, context);
  int const descriptor = opened.release();
  std::vector<directory_entry> found;
  for (;;) {
    errno = 0;
    dirent const* const entry = ::readdir(listing.get());
    if (!entry) break;
    std::string_view const name = entry->d_name;
    if (name != "." && name != "..") found.push_back({std::string(name), kind_of(descriptor, *entry)});
  }
  if (errno != 0) throw detail::system_failure(errno, context);
  std::sort(found.begin(), found.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  return found;
}

}  // namespace

directory::directory(int descriptor, std::string name) noexcept : descriptor_(descriptor), name_(std::move(name)) {}

directory::directory(directory&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::exchange(other.name_, {})) {}

directory& directory::operator=(directory&& other) noexcept {
  directory const former(std::move(*this));
  descriptor_ = std::exchange(other.descriptor_, -1);
  name_ = std::exchange(other.name_, {});
  return *this;
}

directory::~directory() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

task<file> directory::open_file(std::string path, open_options options) const {
  auto const work = [&] {
    auto const context = context_of("open", *this, path);
    auto const checked = path_of(*this, path, context);
    auto name = name_in(*this, path);
    int const flags = detail::open_flags(options);
    auto opened = detail::open_beneath(descriptor_, checked.text(), flags, options.permissions, context);
    return file(opened.release(), std::move(name));
  };
  co_return co_await on_thread_pool(work);
}

task<directory> directory::open_directory(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("open", *this, path);
    auto const checked = path_of(*this, path, context);
    auto name = name_in(*this, path);
    auto opened = detail::open_beneath(descriptor_, checked.text(), to_list, 0, context);
    return directory(opened.release(), std::move(name));
  };
  co_return co_await on_thread_pool(work);
}

task<> directory::create_directories(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("make", *this, path);
    auto const checked = path_of(*this, path, context);
    if (checked.is_self()) return;
    std::string_view const parts = checked.text();
    detail::unique_descriptor here;
    for (std::size_t begin = 0, end = 0; end != parts.npos; begin = end + 1) {
      end = parts.find('/', begin);
      int const in = here.get() < 0 ? descriptor_ : here.get();
      try {
        here = make_directory(in, std::string(parts.substr(begin, end - begin)), context);
      } catch (error const& e) {
        if (e.code() != std::errc::not_a_directory) throw;
        throw error(e.code(), context, fmt::format("{} is not a directory", name_in(*this, parts.substr(0, end))));
      }
    }
  };
  co_await on_thread_pool(work);
}

task<> directory::rename(std::string from, std::string to, if_exists mode) const {
  auto const work = [&] {
    auto const context = fmt::format("{} to {}", context_of("rename", *this, from), detail::shown(to));
    auto const old_path = path_within(*this, from, context);
    auto const new_path = path_within(*this, to, context);
    detail::parent_directory const old_parent(descriptor_, old_path, context);
    std::optional<detail::parent_directory> other;
    if (new_path.parent() != old_path.parent()) other.emplace(descriptor_, new_path, context);
    int const old_place = old_parent.get();
    int const new_place = other ? other->get() : old_place;
    std::string const old_name(old_path.last());
    std::string const new_name(new_path.last());
    int code = 0;
    if (mode == if_exists::fail) code = rename_to_new(old_place, old_name.c_str(), new_place, new_name.c_str());
    else if (::renameat(old_place, old_name.c_str(), new_place, new_name.c_str()) != 0) code = errno;
    if (code != 0) throw detail::system_failure(code, context);
  };
  co_await on_thread_pool(work);
}

task<> directory::remove(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("remove", *this, path);
    auto const checked = path_within(*this, path, context);
    detail::parent_directory const parent(descriptor_, checked, context);
    int const code = remove_at(parent.get(), std::string(checked.last()).c_str());
    if (code != 0) throw detail::system_failure(code, context);
  };
  co_await on_thread_pool(work);
}

task<> directory::sync(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("sync", *this, path);
    auto const checked = path_of(*this, path, context);
    detail::unique_descriptor opened;
    if (!checked.is_self()) opened = detail::open_beneath(descriptor_, checked.text(), to_list, 0, context);
    int const code = sync_directory(checked.is_self() ? descriptor_ : opened.get());
    if (code != 0) throw detail::system_failure(code, context);
  };
  co_await on_thread_pool(work);
}

task<file_status> directory::status(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("status of", *this, path);
    auto const checked = path_of(*this, path, context);
    detail::parent_directory const parent(descriptor_, checked, context);
    struct stat there = {};
    if (::fstatat(parent.get(), std::string(checked.last()).c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0)
      throw detail::system_failure(errno, context);
    return detail::status_from(there);
  };
  co_return co_await on_thread_pool(work);
}

task<std::vector<directory_entry>> directory::entries(std::string path) const {
  auto const work = [&] {
    auto const context = context_of("list", *this, path);
    auto const checked = path_of(*this, path, context);
    return list(detail::open_beneath(descriptor_, checked.text(), to_list, 0, context), context);
  };
  co_return co_await on_thread_pool(work);
}

task<std::uint64_t> directory::free_space() const {
  auto const work = [&]() -> std::uint64_t {
    auto const context = context_of("free space of", *this, ".");
    if (!is_open()) throw error(errc::closed, context);
    struct statvfs there = {};
    if (::fstatvfs(descriptor_, &there) != 0) throw detail::system_failure(errno, context);
    return std::uint64_t{there.f_bavail} * there.f_frsize;
  };
  co_return co_await on_thread_pool(work);
}

task<directory> open_directory(std::string path) {
  auto const work = [&] {
    auto const context = fmt::format("open {}", detail::shown(path));
    detail::refuse_nul(path, context);
    int const descriptor =
        detail::above_standard_streams(detail::uninterrupted([&] { return ::open(path.c_str(), to_list); }));
    if (descriptor < 0) throw detail::system_failure(errno, context);
    return directory(descriptor, std::move(path));
  };
  co_return co_await on_thread_pool(work);
}

}  // namespace strait
