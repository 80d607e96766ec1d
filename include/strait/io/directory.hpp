// directory: a folder, and nothing outside of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/io/file.hpp"

namespace strait {

/// Whether a rename may put a file in the place of another.
enum class if_exists : unsigned char {
  fail,    ///< the rename fails with `std::errc::file_exists`, and nothing changes
  replace  ///< the file is replaced atomically
};

/// A name in a directory, and what it is.
struct directory_entry {
  std::string name;  ///< without the directory's
  /// What it is; symbolic links are not followed.
  file_status::kind type = file_status::kind::other;
};

/// An open directory, for working with what is in it. Move-only; closes itself. It belongs to no loop; several
/// operations may be under way at once, and the directory must stay where it is until they have completed.
///
/// Paths are relative, of one part or of several with `/` between them, and **never lead outside**: absolute paths,
/// `..`, and symbolic links anywhere in the path are refused, whatever another process changes meanwhile. So a path may
/// come from somebody who is not trusted. In the last part, too; only `rename`, `remove` and `status`, which follow
/// none, work on the link itself. "." is the directory itself. Refusals are errors with what is wrong: "open
/// inbox/../passwd: the path contains .., which leads outside the directory", with
/// `std::errc::too_many_symbolic_link_levels` if it is a link and `std::errc::invalid_argument` if it is the text. The
/// system sees to that where it can (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), and elsewhere this looks
/// at each part by itself.
///
/// All runs on the thread pool; about cancels and errors, see file.hpp.
class STRAIT_API directory {
 public:
  directory() noexcept = default;
  /// Takes over an open descriptor of a directory; `name` is for messages.
  directory(int descriptor, std::string name) noexcept;
  directory(directory&& other) noexcept;
  directory& operator=(directory&& other) noexcept;
  ~directory();

  /// Opens or creates a file.
  [[nodiscard]] task<file> open_file(std::string path, open_options options = {}) const;
  /// Opens a directory.
  [[nodiscard]] task<directory> open_directory(std::string path) const;
  /// Makes the directory and those above it; those that are there already stay as they are.
  [[nodiscard]] task<> create_directories(std::string path) const;
  /// Gives a file another path, at once: at any moment, whatever happens, there is the one or the other. With
  /// `if_exists::fail`, a file that is there is `std::errc::file_exists`, and nothing changes.
  [[nodiscard]] task<> rename(std::string from, std::string to, if_exists mode = if_exists::fail) const;
  /// Takes the name of a file, or an empty directory, away.
  [[nodiscard]] task<> remove(std::string path) const;
  /// Completes when what has been made, renamed and removed in the directory `path` is on the disk (fsync(2)).
  [[nodiscard]] task<> sync(std::string path = ".") const;
  /// What is there; of a symbolic link, that it is one.
  [[nodiscard]] task<file_status> status(std::string path) const;
  /// What is in the directory `path`, but for "." and "..", in order of their names' bytes.
  [[nodiscard]] task<std::vector<directory_entry>> entries(std::string path = ".") const;
  /// How many bytes more users without privileges may have on the file system (statvfs(3)).
  [[nodiscard]] task<std::uint64_t> free_space() const;

  /// It was opened and not closed.
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  /// The descriptor, still owned by the directory; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  /// What it was opened as.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }

 private:
  int descriptor_ = -1;
  std::string name_;
};

/// Opens the directory `path`, which is looked up as the system does it.
[[nodiscard]] STRAIT_API task<directory> open_directory(std::string path);

}  // namespace strait
