// Resolution of paths beneath a directory: by openat2(2), or part by part.
#include "io/path_beneath.hpp"

#include <atomic>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#if defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define STRAIT_HAS_OPENAT2 1
#endif
#endif

#include "base/standard_streams.hpp"
#include "io/file_calls.hpp"

namespace strait::detail {
namespace {

std::atomic<bool> new_calls_allowed = true;

// Flags for a directory that is only used as a starting point.
#if defined(O_PATH)
constexpr int as_a_place = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
constexpr int as_a_place = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif

constexpr std::size_t longest_path = 4095;  // PATH_MAX without the NUL, for both ways of resolution

error refusal(std::string_view context, std::string_view reason) {
  return {std::make_error_code(std::errc::invalid_argument), context, reason};
}

/// Removes the first part from `rest` and returns it.
std::string_view take_part(std::string_view& rest) noexcept {
  auto const slash = rest.find('/');
  auto const part = rest.substr(0, slash);
  rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  return part;
}

// The following functions return -1 and set errno on failure, as openat does.

/// openat of one part. With O_DIRECTORY, the error for a symbolic link is ENOTDIR.
int open_part(int directory, std::string const& part, int flags, mode_t permissions) noexcept {
  int const opened = above_standard_streams(
      uninterrupted([&] { return ::openat(directory, part.c_str(), flags | O_NOFOLLOW, permissions); }));
  if (opened >= 0 || errno != ENOTDIR) return opened;
  struct stat there = {};
  bool const is_link = ::fstatat(directory, part.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(there.st_mode);
  errno = is_link ? ELOOP : ENOTDIR;
  return -1;
}

/// No link is followed, and no part is "..", so each part is in the directory that was opened before it.
int open_part_by_part(int directory, std::string_view path, int flags, mode_t permissions) {
  unique_descriptor here;
  for (auto rest = path;;) {
    auto const part = std::string(take_part(rest));
    int const from = here.get() < 0 ? directory : here.get();
    if (rest.empty()) return open_part(from, part, flags, permissions);
    unique_descriptor next(open_part(from, part, as_a_place, 0));
    if (next.get() < 0) return -1;
    here = std::move(next);
  }
}

/// Fails with ENOSYS if the kernel does not support it, or not at the moment; the caller then resolves part by part.
int open_as_a_whole(int directory, std::string const& path, int flags, mode_t permissions) noexcept {
#if defined(STRAIT_HAS_OPENAT2)
  open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) ? permissions : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a concurrent rename prevents the kernel from guaranteeing the result.
  constexpr int max_tries = 32;
  for (int tries = 0; uses_new_calls() && tries != max_tries; ++tries) {
    auto const opened = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
    if (opened >= 0) return above_standard_streams(static_cast<int>(opened));
    if (errno == EAGAIN || errno == EINTR) continue;
    // Filters of system calls (seccomp) often return EPERM for those that they do not know.
    if (errno != ENOSYS && errno != EPERM) return -1;
    break;
  }
#else
  static_cast<void>(directory), static_cast<void>(path), static_cast<void>(flags), static_cast<void>(permissions);
#endif
  errno = ENOSYS;
  return -1;
}

}  // namespace

path_beneath::path_beneath(std::string_view text, std::string_view context) {
  if (text.empty()) throw refusal(context, "the path is empty");
  refuse_nul(text, context);
  if (text.front() == '/') throw refusal(context, "the path is absolute, which leads outside the directory");
  if (text.size() > longest_path) throw system_failure(ENAMETOOLONG, context);
  for (auto rest = text; !rest.empty();) {
    auto const part = take_part(rest);
    if (part == "..") throw refusal(context, "the path contains .., which leads outside the directory");
    if (part.empty() || part == ".") continue;
    if (!text_.empty()) text_ += '/';
    text_ += part;
  }
  if (text_.empty()) text_.push_back('.');
}

std::string_view path_beneath::parent() const noexcept {
  auto const slash = text_.rfind('/');
  return slash == text_.npos ? std::string_view(".") : std::string_view(text_).substr(0, slash);
}

std::string_view path_beneath::last() const noexcept {
  return std::string_view(text_).substr(text_.rfind('/') + 1);  // npos + 1 is 0
}

error failure_beneath(int code, std::string_view context) {
  // RESOLVE_BENEATH fails with EXDEV for a link that leads outside.
  if (code == ELOOP || code == EXDEV)
    return {{ELOOP, std::generic_category()}, context, "the path contains a symbolic link"};
  return system_failure(code, context);
}

unique_descriptor open_beneath(int directory, std::string_view path, int flags, unsigned permissions,
                               std::string_view context) {
  auto const mode = static_cast<mode_t>(permissions & 07777);
  int const gently = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  unique_descriptor opened(open_as_a_whole(directory, std::string(path), gently, mode));
  if (opened.get() < 0 && errno == ENOSYS) opened = unique_descriptor(open_part_by_part(directory, path, gently, mode));
  if (opened.get() < 0) throw failure_beneath(errno, context);
  // O_NONBLOCK was needed for opening only.
  ::fcntl(opened.get(), F_SETFL, 0);
  return opened;
}

unique_descriptor open_place(int directory, std::string_view path, std::string_view context) {
  unique_descriptor opened(open_as_a_whole(directory, std::string(path), as_a_place, 0));
  if (opened.get() < 0 && errno == ENOSYS)
    opened = unique_descriptor(open_part_by_part(directory, path, as_a_place, 0));
  if (opened.get() < 0) throw failure_beneath(errno, context);
  return opened;
}

bool uses_new_calls() noexcept { return new_calls_allowed.load(std::memory_order_relaxed); }

without_new_calls::without_new_calls() noexcept { new_calls_allowed = false; }
without_new_calls::~without_new_calls() { new_calls_allowed = true; }

}  // namespace strait::detail
