// socket_file: the file of a Unix-domain socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "strait/net/local_endpoint.hpp"

namespace strait::detail {

/// The file that a socket is bound to. The destructor removes it, if it is still the same file and no process has the
/// socket open, so that after a fork the last process removes it. Must be destroyed after the socket is closed.
class socket_file {
 public:
  /// The file at `path`, which must exist.
  explicit socket_file(std::string_view path);
  socket_file(socket_file const&) = delete;
  socket_file& operator=(socket_file const&) = delete;
  ~socket_file();
  /// The file will not be removed.
  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t number_ = 0;
};

/// A base class of sockets that have a file. It must be the first base, so that the socket is closed before the file is
/// removed.
class socket_file_owner {
 protected:
  socket_file_owner() = default;
  explicit socket_file_owner(std::unique_ptr<socket_file> file) noexcept : file_(std::move(file)) {}
  ~socket_file_owner() = default;

  std::unique_ptr<socket_file> file_;
};

/// Binds `descriptor` to `where`. Replaces the file of a socket that no process has open. If `permissions` is not -1,
/// the file has these permissions from its creation, whatever the umask. Throws `error` with `context`.
[[nodiscard]] std::unique_ptr<socket_file> bind_local(int descriptor, local::endpoint const& where, int permissions,
                                                      std::string_view context);

}  // namespace strait::detail
