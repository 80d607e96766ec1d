// socket_file: the file of a Unix-domain socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "strait/net/local_endpoint.hpp"

namespace strait::detail {

/// The file at which a socket is bound. Removes it in the end, if it is still the same and no process has the socket
/// open any more, so that a process that has forked leaves the file to the other. Goes after the socket.
class socket_file {
 public:
  /// The file at `path`, which is there.
  explicit socket_file(std::string_view path);
  socket_file(socket_file const&) = delete;
  socket_file& operator=(socket_file const&) = delete;
  ~socket_file();
  /// It is not to be removed.
  void keep() noexcept { path_.clear(); }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t number_ = 0;
};

/// The first base of a socket that has a file, so that the socket is closed before the file is removed.
class socket_file_owner {
 protected:
  socket_file_owner() = default;
  explicit socket_file_owner(std::unique_ptr<socket_file> file) noexcept : file_(std::move(file)) {}
  ~socket_file_owner() = default;

  std::unique_ptr<socket_file> file_;
};

/// Binds `descriptor` to `where`. A file that is there already is replaced if it is of a socket that no process has
/// open. With `permissions`, if not -1, the file has these from the beginning, whatever the umask. Throws `error` with
/// `context`.
[[nodiscard]] std::unique_ptr<socket_file> bind_local(int descriptor, local::endpoint const& where, int permissions,
                                                      std::string_view context);

}  // namespace strait::detail
