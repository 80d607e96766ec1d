// For tests of Unix-domain sockets: temporary paths, peers without the library, and other processes.
#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <strait/net/local.hpp>

#include "sockets.hpp"

namespace strait::test {

/// A new directory that is removed with its contents in the destructor.
class temporary_directory {
 public:
  temporary_directory() {
    char name[] = "/tmp/strait-XXXXXX";  // short, since the path of a socket has at most 107 bytes
    if (!::mkdtemp(name)) fail_with_errno("mkdtemp");
    path_ = name;
  }
  temporary_directory(temporary_directory const&) = delete;
  temporary_directory& operator=(temporary_directory const&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }
  [[nodiscard]] local::endpoint at(std::string_view name) const { return local::endpoint::path(file(name)); }
  [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::string path_;
};

/// An abstract name that is not in use.
inline local::endpoint abstract_name() {
  static std::atomic<int> count = 0;
  return local::endpoint::abstract(fmt::format("strait-test-{}-{}", ::getpid(), count++));
}

/// Whether `path` exists, even as a dangling symbolic link.
inline bool exists(std::string const& path) {
  struct stat file = {};
  return ::lstat(path.c_str(), &file) == 0;
}

inline unsigned permissions_of(std::string const& path) {
  struct stat file = {};
  if (::lstat(path.c_str(), &file) != 0) fail_with_errno("lstat");
  return file.st_mode & 07777;
}

inline int bind_raw(raw_socket const& what, local::endpoint const& to) {
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(to.to_sockaddr(&address));
  return ::bind(what.get(), reinterpret_cast<sockaddr*>(&address), length);
}

inline int connect_raw(raw_socket const& what, local::endpoint const& to) {
  sockaddr_storage address;
  auto const length = static_cast<socklen_t>(to.to_sockaddr(&address));
  return ::connect(what.get(), reinterpret_cast<sockaddr*>(&address), length);
}

inline raw_socket raw_local(int type) {
  raw_socket made(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (made.get() < 0) fail_with_errno("socket");
  return made;
}

inline raw_socket raw_bound(int type, local::endpoint const& at) {
  auto made = raw_local(type);
  if (bind_raw(made, at) != 0) fail_with_errno("bind");
  return made;
}

inline raw_socket raw_listener(local::endpoint const& at, int backlog = 64) {
  auto made = raw_bound(SOCK_STREAM, at);
  if (::listen(made.get(), backlog) != 0) fail_with_errno("listen");
  return made;
}

inline raw_socket raw_connect(local::endpoint const& to, int type = SOCK_STREAM) {
  auto made = raw_local(type);
  if (connect_raw(made, to) != 0) fail_with_errno("connect");
  return made;
}

/// Leaves a stale socket file at `at`, as a process that was killed does.
inline void leave_stale(local::endpoint const& at, int type = SOCK_STREAM) { raw_bound(type, at).close(); }

/// Fills the backlog of the listener at `at`.
class backlog_filler {
 public:
  explicit backlog_filler(local::endpoint const& at) {
    for (;;) {
      auto next = raw_local(SOCK_STREAM | SOCK_NONBLOCK);
      if (connect_raw(next, at) != 0) {
        if (errno != EAGAIN) fail_with_errno("connect");
        return;
      }
      waiting_.push_back(std::move(next));
    }
  }
  [[nodiscard]] std::size_t count() const noexcept { return waiting_.size(); }

 private:
  std::vector<raw_socket> waiting_;
};

/// Two streams that are connected to each other through a listener.
class local_connection {
 public:
  explicit local_connection(local::endpoint const& at) : listener(local::listen(at)) {
    complete([&]() -> task<> {
      auto [accepted, connected] = co_await when_all(listener.accept(), local::connect(at));
      server = std::move(accepted);
      client = std::move(connected);
    });
  }
  local::listener listener;
  local::stream server;
  local::stream client;
};

/// Whether a byte can be sent through a new connection to `listener`, which listens on `at`.
inline bool works(local::listener& listener, local::endpoint const& at) {
  return complete([&]() -> task<bool> {
    auto [accepted, connected] = co_await when_all(listener.accept(), local::connect(at));
    co_await connected.write("x");
    char byte = 0;
    auto const n = co_await accepted.read(mutable_buffer(&byte, 1));
    co_return n == 1 && byte == 'x';
  });
}

/// Another process that runs a function and then waits until it is killed.
class another_process {
 public:
  /// Returns when `does` has returned in the other process. Its result stays alive there.
  template <class F>
  explicit another_process(F does) {
    int done[2];
    if (::pipe2(done, O_CLOEXEC) != 0) fail_with_errno("pipe2");
    id_ = ::fork();
    if (id_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      try {
        [[maybe_unused]] auto const kept = does();
        if (::write(done[1], "x", 1) == 1)
          for (;;) ::pause();
      } catch (...) {}
      ::_exit(1);
    }
    ::close(done[1]);
    char byte;
    bool const is_done = id_ > 0 && ::read(done[0], &byte, 1) == 1;
    ::close(done[0]);
    if (is_done) return;
    kill();
    throw std::runtime_error("the other process has failed");
  }
  another_process(another_process const&) = delete;
  another_process& operator=(another_process const&) = delete;
  ~another_process() { kill(); }

  [[nodiscard]] pid_t id() const noexcept { return id_; }
  /// By SIGKILL, so that the process cannot clean up.
  void kill() noexcept {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    id_ = -1;
  }

 private:
  pid_t id_ = -1;
};

/// Sets the process's umask while this object exists.
class with_umask {
 public:
  explicit with_umask(mode_t mask) noexcept : before_(::umask(mask)) {}
  with_umask(with_umask const&) = delete;
  with_umask& operator=(with_umask const&) = delete;
  ~with_umask() { ::umask(before_); }

 private:
  mode_t before_;
};

/// Drops root's privileges while this object exists.
class without_privileges {
 public:
  without_privileges() noexcept : user_(::geteuid()) {
    if (user_ == 0 && ::seteuid(65534) != 0) user_ = 65534;
  }
  without_privileges(without_privileges const&) = delete;
  without_privileges& operator=(without_privileges const&) = delete;
  ~without_privileges() {
    if (user_ == 0) static_cast<void>(::seteuid(0) == 0);
  }
  [[nodiscard]] static bool are_gone() noexcept { return ::geteuid() != 0; }

 private:
  uid_t user_;
};

}  // namespace strait::test
