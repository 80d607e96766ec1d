// socket_file: the file of a Unix-domain socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "strait/net/local_endpoint.hpp"

namespace strait::detail {

/// Keeps other processes of this library from binding in the directory of `path` while it lives. Best effort: holds
/// nothing if the directory may not be read, or somebody else keeps it locked.
class directory_lock {
 public:
  explicit directory_lock(std::string_view path);
  directory_lock(directory_lock const&) = delete;
  directory_lock& operator=(directory_lock const&) = delete;
  ~directory_lock();
  [[nodiscard]] bool is_held() const noexcept { return is_held_; }

 private:
  int directory_;
  bool is_held_ = false;
};

/// Owns the file at which a socket is bound: removes it in the end, if it is still the same. Goes before the socket.
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

/// Binds `descriptor` to `where`, under `lock` if that is a path. A file that is there already is replaced if it is a
/// socket behind which there is nobody. Throws `error` with `context`.
[[nodiscard]] std::unique_ptr<socket_file> bind_local(int descriptor, local::endpoint const& where, int permissions,
                                                      directory_lock const& lock, std::string_view context);

}  // namespace strait::detail
