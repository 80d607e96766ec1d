// directory: operations on files that are confined to one directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/io/file.hpp"

namespace strait {

/// What `directory::rename` does if the new path exists already.
enum class if_exists : unsigned char {
  fail,    ///< the rename fails with `std::errc::file_exists`, and nothing changes
  replace  ///< the file is replaced atomically
};

/// An entry of a directory.
struct directory_entry {
  std::string name;                                   ///< without the path of the directory
  file_status::kind type = file_status::kind::other;  ///< of a symbolic link, `symbolic_link`
};

/// An open directory and operations on its contents. Move-only; the destructor closes it. It belongs to no loop.
/// Several operations may be in progress at once; the directory must not be moved or destroyed until they have
/// completed.
///
/// Paths are relative, with one or several parts separated by `/`, and **never lead outside the directory**: absolute
/// paths, `..`, and symbolic links anywhere in the path are rejected, even if another process changes the directory
/// concurrently. So paths may come from untrusted sources. A symbolic link as the last part is rejected as well, except
/// by `rename`, `remove` and `status`, which do not follow links and operate on the link itself. "." is the directory
/// itself. Errors state the reason: "open inbox/../passwd: the path contains .., which leads outside the directory",
/// with `std::errc::too_many_symbolic_link_levels` for a symbolic link and `std::errc::invalid_argument` for invalid
/// text. Where the kernel can enforce this, it does (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS);
/// elsewhere each part is checked separately.
///
/// All operations run on the thread pool; for cancellation and errors, see file.hpp.
class STRAIT_API directory {
 public:
  /// Closed.
  directory() noexcept = default;
  /// Takes ownership of an open descriptor of a directory. `name` is for messages.
  directory(int descriptor, std::string name) noexcept;
  /// Takes over the descriptor of `other`, which is then closed.
  directory(directory&& other) noexcept;
  /// Closes this directory and takes over the descriptor of `other`.
  directory& operator=(directory&& other) noexcept;
  /// Closes the directory.
  ~directory();

  /// Opens or creates a file in the directory.
  [[nodiscard]] task<file> open_file(std::string path, open_options options = {}) const;
  /// Opens a directory in the directory.
  [[nodiscard]] task<directory> open_directory(std::string path) const;
  /// Creates the directory `path` and its missing parents. No effect on those that exist.
  [[nodiscard]] task<> create_directories(std::string path) const;
  /// Renames a file or directory, atomically: at any moment, either the old or the new state
  /// exists. With `if_exists::fail`, fails with `std::errc::file_exists` if `to` exists, and changes nothing.
  [[nodiscard]] task<> rename(std::string from, std::string to, if_exists mode = if_exists::fail) const;
  /// Removes a file or an empty directory.
  [[nodiscard]] task<> remove(std::string path) const;
  /// Writes the creations, renames and removals in the directory `path` to the disk (fsync(2)), and completes when that
  /// is done.
  [[nodiscard]] task<> sync(std::string path = ".") const;
  /// The status of a file. Does not follow a symbolic link, but reports it as one.
  [[nodiscard]] task<file_status> status(std::string path) const;
  /// The entries of the directory `path`, without "." and "..", sorted by the bytes of their names.
  [[nodiscard]] task<std::vector<directory_entry>> entries(std::string path = ".") const;
  /// The number of free bytes on the file system that unprivileged users may use (statvfs(3)).
  [[nodiscard]] task<std::uint64_t> free_space() const;

  /// Whether the directory is open.
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  /// The file descriptor, which the directory still owns; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  /// The path that it was opened with.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }

 private:
  int descriptor_ = -1;
  std::string name_;
};

/// Opens the directory `path`, which is resolved as usual: from the working directory, through symbolic links.
[[nodiscard]] STRAIT_API task<directory> open_directory(std::string path);

}  // namespace strait
