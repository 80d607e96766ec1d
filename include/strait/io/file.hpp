// Files: reads, writes and syncs that do not hold the loop up.
//
// What may wait for a disk runs on the thread pool (core/thread_pool.hpp), and so may open, close and all else that
// works on names; what the system has in its memory is read at once, on the loop's thread. A cancel ends an operation
// that no thread has begun; one that has begun is waited for. Errors are thrown as `error`, with the operation and the
// path in their text: "write to inbox/book.txt: no space left on device".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"

namespace strait {

/// What a file is opened for.
enum class file_access : unsigned char { read, write, read_write };

/// What happens if a file that is to be opened exists, or does not.
enum class file_creation : unsigned char {
  never,       ///< the file must be there
  if_missing,  ///< what is there is opened as it is
  exclusive,   ///< the file must not be there; not even as a symbolic link
  truncate     ///< the same, but what is there loses its contents
};

/// See `open_file`.
struct open_options {
  /// Reading, writing, or both.
  file_access access = file_access::read;
  /// Whether the file may, or must, be created.
  file_creation creation = file_creation::never;
  unsigned permissions = 0666;  ///< of a file that is made; the process's umask takes away from it
};

/// What the system says of a file.
struct file_status {
  /// Kinds of files.
  enum class kind : unsigned char { regular, directory, symbolic_link, other };
  /// Which kind it is.
  kind type = kind::other;
  std::uint64_t size = 0;        ///< in bytes
  unsigned permissions = 0;      ///< the lower 12 bits of the mode
  std::int64_t modified_at = 0;  ///< the contents, in nanoseconds since 1970 (UTC)
  std::int64_t changed_at = 0;   ///< the same, or what else is said of it, its name too; nobody can set it
  /// It is an ordinary file.
  [[nodiscard]] bool is_regular() const noexcept { return type == kind::regular; }
  /// It is a directory.
  [[nodiscard]] bool is_directory() const noexcept { return type == kind::directory; }
};

/// An open file. Move-only; closes itself. It belongs to no loop; several operations may be under way at once, and the
/// file must stay where it is, and open, until they have completed. One that is closed fails every operation with
/// `errc::closed`. What has no offsets, a pipe or a terminal, is read and written where it is.
class STRAIT_API file {
 public:
  file() noexcept = default;
  /// Takes over an open descriptor; `name` is for messages.
  file(int descriptor, std::string name) noexcept;
  file(file&& other) noexcept;
  file& operator=(file&& other) noexcept;
  ~file();

  /// Reads at least one byte from `offset` on, as many as there are and fit; 0 is the end of the file (or an empty
  /// buffer). A cancel while a thread reads waits for it; the buffer must be there until the operation completes.
  [[nodiscard]] task<std::size_t> read_at(std::uint64_t offset, mutable_buffer into);
  /// Writes all of the buffer at `offset`; gives its size. An error tells in `transferred()` how much was written, all
  /// of it at the front. What is written survives the process, but a crash of the system only after `sync`.
  [[nodiscard]] task<std::size_t> write_at(std::uint64_t offset, const_buffer from);
  /// Completes when all that was written is on the disk (fsync(2)), with the size and all that is needed to read it.
  /// When it throws, what could not be written may count as written at the next `sync` (so Linux does it): the file is
  /// to be written anew.
  [[nodiscard]] task<> sync();
  /// Cuts off what is behind `size`, or adds zeros.
  [[nodiscard]] task<> resize(std::uint64_t size);
  /// Returns its size, times and permissions.
  [[nodiscard]] task<file_status> status();
  /// Closes; tells errors that only come now, as over a network. The descriptor is gone, whatever it throws, and so is
  /// the lock. No other operation may be under way.
  [[nodiscard]] task<> close();

  /// Takes the lock (flock(2), exclusive) that others who open the file can take, too, this process or another. False:
  /// somebody has it. It goes when the file is closed, or its process ends. Does not wait.
  [[nodiscard]] bool try_lock();

  /// It was opened and not closed.
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  /// The descriptor, still owned by the file; -1 if it is closed.
  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  /// What it was opened as.
  [[nodiscard]] std::string const& name() const noexcept { return name_; }

 private:
  int descriptor_ = -1;
  std::string name_;
};

/// Opens the file `path`, which is looked up as the system does it: from the working directory, through symbolic links.
/// For paths that come from others, there is `directory::open_file`.
///
///     auto const options = open_options{.access = file_access::write, .creation = file_creation::truncate};
///     file log = co_await open_file("log.txt", options);
[[nodiscard]] STRAIT_API task<file> open_file(std::string path, open_options options = {});

/// What is at `path`; through symbolic links.
[[nodiscard]] STRAIT_API task<file_status> status_of(std::string path);

}  // namespace strait
