// Files: reads, writes and syncs that do not block the loop.
//
// Operations that may wait for a disk run on the thread pool (core/thread_pool.hpp), as do open, close and everything
// else that works with names; data that is in the page cache is read directly, on the loop's thread. Cancellation ends
// an operation that no thread has started yet; an operation that has started is completed. Errors are thrown as
// `error`, whose text names the operation and the path: "write to inbox/book.txt: no space left on device".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"

namespace strait {

/// What a file is opened for.
enum class file_access : unsigned char {
  read,       ///< reading only
  write,      ///< writing only
  read_write  ///< reading and writing
};

/// What `open_file` does with respect to the existence of the file.
enum class file_creation : unsigned char {
  never,       ///< the file must exist
  if_missing,  ///< the file is created if it does not exist
  exclusive,   ///< the file is created and must not exist, not even as a symbolic link
  truncate     ///< the file is created, or its contents are discarded
};

/// Options of `open_file`.
struct open_options {
  file_access access = file_access::read;         ///< what the file is opened for
  file_creation creation = file_creation::never;  ///< whether the file is created
  unsigned permissions = 0666;                    ///< of a created file, less the process's umask
};

/// The attributes of a file.
struct file_status {
  /// The types of files.
  enum class kind : unsigned char {
    regular,        ///< a regular file
    directory,      ///< a directory
    symbolic_link,  ///< a symbolic link
    other           ///< anything else: a device, a pipe, a socket
  };
  kind type = kind::other;       ///< the type of the file
  std::uint64_t size = 0;        ///< in bytes
  unsigned permissions = 0;      ///< the lower 12 bits of the mode
  std::int64_t modified_at = 0;  ///< when the contents changed last, in nanoseconds since 1970 (UTC)
  std::int64_t changed_at =
      0;  ///< when the contents, the attributes or the name changed last; cannot be set by programs
  /// Whether it is a regular file.
  [[nodiscard]] bool is_regular() const noexcept { return type == kind::regular; }
  /// Whether it is a directory.
  [[nodiscard]] bool is_directory() const noexcept { return type == kind::directory; }
};

/// An open file. Move-only; the destructor closes it. It belongs to no loop. Several operations may be in progress at
/// once; the file must not be moved, closed or destroyed until they have completed. On a closed file, every operation
/// fails with `errc::closed`. For pipes, terminals and other files without positions, offsets are ignored.
class STRAIT_API file {
 public:
  /// Closed.
  file() noexcept = default;
  /// Takes ownership of an open descriptor. `name` is for messages.
  file(int descriptor, std::string name) noexcept;
  /// Takes over the descriptor of `other`, which is then closed.
  file(file&& other) noexcept;
  /// Closes this file and takes over the descriptor of `other`.
  file& operator=(file&& other) noexcept;
  /// Closes the file.
  ~file();

  /// Reads at least one byte at `offset`, and as many as are available and fit. Returns their number; 0 means end of
  /// file, or an empty buffer. If it is canceled while a thread reads, it completes when the thread has finished; the
  /// buffer must exist until then.
  [[nodiscard]] task<std::size_t> read_at(std::uint64_t offset, mutable_buffer into);
  /// Writes the whole buffer at `offset`. Returns its size. If it fails, `transferred()` of the error is the number of
  /// bytes written, counted from the front. Written data survives the end of the process, but a crash of the system
  /// only after `sync`.
  [[nodiscard]] task<std::size_t> write_at(std::uint64_t offset, const_buffer from);
  /// Writes all data to the disk, with the size and the metadata needed to read it (fsync(2)), and completes when that
  /// is done. After a failure, the kernel may consider lost data as written at the next `sync` (Linux does): write the
  /// file anew.
  [[nodiscard]] task<> sync();
  /// Truncates the file to `size`, or extends it with zeros.
  [[nodiscard]] task<> resize(std::uint64_t size);
  /// The attributes of the file.
  [[nodiscard]] task<file_status> status();
  /// Closes the file and reports errors that are only detected now, as network file systems do. Whatever it throws, the
  /// descriptor is closed and the lock released. No other operation may be in progress.
  [[nodiscard]] task<> close();

  /// Tries to take an exclusive lock (flock(2)), which excludes others that open the file and lock it, in this or
  /// another process. Returns false if it is held already. The lock is released when the file is closed or the process
  /// ends. Does not wait.
  [[nodiscard]] bool try_lock();

  /// Whether the file is open.
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  /// The file descriptor, which the file still owns; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  /// The path that it was opened with.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }

 private:
  int descriptor_ = -1;
  std::string name_;
};

/// Opens the file `path`, which is resolved as usual: from the working directory, through symbolic links. For paths
/// from untrusted sources, use `directory::open_file`.
///
///     auto const options = open_options{.access = file_access::write, .creation = file_creation::truncate};
///     file log = co_await open_file("log.txt", options);
[[nodiscard]] STRAIT_API task<file> open_file(std::string path, open_options options = {});

/// The attributes of the file at `path`. Follows symbolic links.
[[nodiscard]] STRAIT_API task<file_status> status_of(std::string path);

}  // namespace strait
