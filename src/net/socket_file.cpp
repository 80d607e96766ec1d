// Binding to paths: never replaces the file of an open socket, and always that of a dead one.
#include "net/socket_file.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "net/descriptor.hpp"

namespace strait::detail {
namespace {

enum class occupant { gone, dead, alive, no_socket };

/// The state of the file at `where`; `alive` if it cannot be determined.
///
/// unix(7): a connect fails with ECONNREFUSED if no process has the socket open. Any other failure means that one has.
/// The probe is a datagram socket, so that a listener fails with EPROTOTYPE and does not notice; a datagram socket may
/// be connected to another peer (EPERM), or access may be denied (EACCES).
occupant occupant_of(local::endpoint const& where) noexcept {
  struct stat file = {};
  std::string const path(where.name());
  if (::lstat(path.c_str(), &file) != 0) return occupant::gone;
  if (!S_ISSOCK(file.st_mode)) return occupant::no_socket;
  unique_descriptor const probe(
      above_standard_streams(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  if (probe.get() < 0) return occupant::alive;
  switch (connect_to(probe.get(), where)) {
    case ECONNREFUSED: return occupant::dead;
    case ENOENT: return occupant::gone;
    default: return occupant::alive;
  }
}

/// A lock that is held while the file of a dead socket is removed: between the check and the removal, another process
/// could bind a socket of its own to the path. It locks a file beside the socket's, which only its owner may open and
/// which exists only meanwhile.
class removal_lock {
 public:
  enum class outcome { held, busy, failed };

  explicit removal_lock(std::string const& path) : path_(name_beside(path)) {
    constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    for (int tries = 0; tries != 8; ++tries) {
      file_ = unique_descriptor(above_standard_streams(::open(path_.c_str(), flags, 0600)));
      if (file_.get() < 0) return;
      if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) outcome_ = outcome::busy;
        return;
      }
      if (is_there()) {
        outcome_ = outcome::held;
        return;
      }
    }
    outcome_ = outcome::busy;  // held by one process after the other
  }
  removal_lock(removal_lock const&) = delete;
  removal_lock& operator=(removal_lock const&) = delete;
  ~removal_lock() {
    if (outcome_ == outcome::held) ::unlink(path_.c_str());
  }
  [[nodiscard]] outcome result() const noexcept { return outcome_; }

 private:
  static std::string name_beside(std::string const& path) {
    auto const name = path.rfind('/') + 1;  // 0 without a slash
    return fmt::format("{}.{}.lock", path.substr(0, name), path.substr(name));
  }
  /// Whether the opened file is still the one at the path; a previous holder may have removed it.
  [[nodiscard]] bool is_there() const noexcept {
    struct stat opened = {};
    struct stat there = {};
    return ::fstat(file_.get(), &opened) == 0 && ::lstat(path_.c_str(), &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
  }

  std::string path_;
  unique_descriptor file_;
  outcome outcome_ = outcome::failed;
};

#if defined(__linux__)

/// On Linux, the permissions of a socket's file are those of the socket, less the umask, which is a property of the
/// process; but a thread can have a umask of its own (unshare(2), CLONE_FS). Changing the permissions after the bind
/// would be too late: the path may refer to another file by then.
int bind_with(int descriptor, local::endpoint const& where, int permissions) {
  if (!where.is_path() || permissions < 0) return bind_to(descriptor, where);
  if (::fchmod(descriptor, static_cast<mode_t>(permissions)) != 0) return errno;
  int failure = 0;
  auto const bind = [&] {
    if (::unshare(CLONE_FS) != 0) {
      failure = errno;
      return;
    }
    ::umask(0);
    failure = bind_to(descriptor, where);
  };
  // The program's signal handlers must not run on this thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread(bind).join();
  } catch (std::system_error const& e) {
    failure = e.code().value();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return failure;
}

#else

int bind_with(int descriptor, local::endpoint const& where, int permissions) {
  if (int const failure = bind_to(descriptor, where)) return failure;
  if (!where.is_path() || permissions < 0) return 0;
  std::string const path(where.name());
  return ::fchmodat(AT_FDCWD, path.c_str(), static_cast<mode_t>(permissions), AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

#endif

}  // namespace

socket_file::socket_file(std::string_view path) : path_(std::filesystem::absolute(path)) {
  struct stat file = {};
  if (::lstat(path_.c_str(), &file) != 0) return;
  device_ = file.st_dev;
  number_ = file.st_ino;
}

// A file that cannot be removed because descriptors or memory are exhausted is replaced by the next bind to its path.
socket_file::~socket_file() {
  if (path_.empty()) return;
  try {
    removal_lock const lock(path_);
    if (lock.result() != removal_lock::outcome::held) return;
    struct stat file = {};
    if (::lstat(path_.c_str(), &file) != 0 || file.st_dev != device_ || file.st_ino != number_) return;
    if (occupant_of(local::endpoint::path(path_)) == occupant::dead) ::unlink(path_.c_str());
  } catch (...) {}
}

std::unique_ptr<socket_file> bind_local(int descriptor, local::endpoint const& where, int permissions,
                                        std::string_view context) {
  std::string const path(where.is_path() ? where.name() : "");
  int failure = bind_with(descriptor, where, permissions);
  for (int tries = 0; failure == EADDRINUSE && !path.empty() && tries != 16; ++tries) {
    auto const before = occupant_of(where);
    if (before == occupant::no_socket)
      throw error({failure, std::generic_category()}, context, "the path exists and is not a socket");
    if (before == occupant::alive) break;
    if (before == occupant::gone) {
      failure = bind_with(descriptor, where, permissions);
      continue;
    }
    removal_lock const lock(path);
    if (lock.result() == removal_lock::outcome::failed)
      throw error(
          {failure, std::generic_category()}, context,
          "a stale socket exists at the path, and the lock file that is needed to replace it cannot be created");
    if (lock.result() == removal_lock::outcome::busy) {  // for some microseconds
      ::sched_yield();
      continue;
    }
    if (occupant_of(where) == occupant::dead) ::unlink(path.c_str());
    failure = bind_with(descriptor, where, permissions);
  }
  if (failure != 0) throw system_failure(failure, context);
  if (path.empty()) return nullptr;
  return std::make_unique<socket_file>(path);
}

}  // namespace strait::detail
