// Binding to paths: never in the way of somebody alive, never stopped by what the dead have left.
#include "net/socket_file.hpp"

#include <cerrno>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "net/descriptor.hpp"

namespace strait::detail {
namespace {

std::string directory_of(std::string_view path) {
  auto const slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return std::string(path.substr(0, slash + 1));
}

enum class occupant { gone, dead, alive, no_socket };

/// Who is behind the file at `where`. A connect tells, and does a listener no harm.
occupant occupant_of(int descriptor, local::endpoint const& where, std::string_view context) {
  struct stat file = {};
  if (::lstat(std::string(where.name()).c_str(), &file) != 0) return occupant::gone;
  if (!S_ISSOCK(file.st_mode)) return occupant::no_socket;
  auto const probe = open_socket(AF_UNIX, get_option(descriptor, SOL_SOCKET, SO_TYPE, context), context);
  // unix(7): refused, if nobody has the socket open. All else (it is full, of another kind, not ours to connect to) is
  // said of one that somebody has.
  switch (connect_to(probe.get(), where)) {
    case ECONNREFUSED: return occupant::dead;
    case ENOENT: return occupant::gone;
    default: return occupant::alive;
  }
}

}  // namespace

directory_lock::directory_lock(std::string_view path)
    : directory_(path.empty()
                     ? -1
                     : above_standard_streams(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) {
  // Others hold it for some microseconds. Who holds it for a second does so for reasons of his own.
  constexpr int longest_wait_ms = 1000;
  for (int waited = 0; directory_ >= 0 && !is_held_ && waited != longest_wait_ms; ++waited) {
    is_held_ = ::flock(directory_, LOCK_EX | LOCK_NB) == 0;
    if (is_held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    std::timespec const millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
}

directory_lock::~directory_lock() {
  if (directory_ >= 0) ::close(directory_);
}

socket_file::socket_file(std::string_view path) : path_(std::filesystem::absolute(path)) {
  struct stat file = {};
  if (::lstat(path_.c_str(), &file) != 0) return;
  device_ = file.st_dev;
  number_ = file.st_ino;
}

socket_file::~socket_file() {
  if (path_.empty()) return;
  // Nobody takes its place meanwhile: there is still somebody behind it.
  struct stat file = {};
  bool const is_there = ::lstat(path_.c_str(), &file) == 0;
  if (is_there && S_ISSOCK(file.st_mode) && file.st_dev == device_ && file.st_ino == number_) ::unlink(path_.c_str());
}

std::unique_ptr<socket_file> bind_local(int descriptor, local::endpoint const& where, int permissions,
                                        directory_lock const& lock, std::string_view context) {
  std::string const path(where.is_path() ? where.name() : "");
  // Linux takes the permissions of the file from the socket, so that it is never there with wider ones.
  if (!path.empty() && permissions >= 0) ::fchmod(descriptor, static_cast<mode_t>(permissions));

  int failure = bind_to(descriptor, where);
  for (int tries = 0; failure == EADDRINUSE && !path.empty() && tries != 8; ++tries) {
    auto const who = occupant_of(descriptor, where, context);
    if (who == occupant::no_socket)
      throw error({failure, std::generic_category()}, context, "there is a file that is no socket");
    if (who == occupant::alive) break;
    if (who == occupant::dead) {
      if (!lock.is_held())
        throw error({failure, std::generic_category()}, context,
                    "there is the socket of a process that is gone, and its directory cannot be locked to replace it");
      ::unlink(path.c_str());
    }
    failure = bind_to(descriptor, where);
  }
  if (failure != 0) throw system_failure(failure, context);
  if (path.empty()) return nullptr;

  auto file = std::make_unique<socket_file>(path);
  if (permissions >= 0 && ::chmod(path.c_str(), static_cast<mode_t>(permissions)) != 0)
    throw system_failure(errno, context);
  return file;
}

}  // namespace strait::detail
