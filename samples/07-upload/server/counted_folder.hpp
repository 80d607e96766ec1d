// counted_folder: a folder with a quota; makes all changes to its contents and counts them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>

#include <strait/strait.hpp>

namespace samples::upload {

/// Thrown if a file or folder would exceed the quota.
class over_quota : public std::exception {
 public:
  [[nodiscard]] char const* what() const noexcept override { return "the quota would be exceeded"; }
};

/// Each file and each folder counts this many bytes in addition to its contents, to limit the number of empty ones.
inline constexpr std::uint64_t entry_size = 4096;

/// Returns "a/b" for "a/b/c" and "." for "c".
[[nodiscard]] std::string folder_of(std::string const& name);
[[nodiscard]] bool is_missing(strait::error const& e) noexcept;

/// The server changes the folder only through this class, and each change is counted in the same step. A file that is
/// being received counts its full size from its offer on. Changes by other programs count after the next start of the
/// server. Thread-safe. Calls that may wait for the disk run on the thread pool.
class counted_folder {
 public:
  /// The part of a file that is being received: open, locked, and counted in full. When this object is destroyed, the
  /// part stays on the disk and counts by what is in it.
  class part {
   public:
    part(part&& other) noexcept;
    part& operator=(part&&) = delete;
    ~part();
    [[nodiscard]] strait::file& contents() noexcept { return contents_; }
    /// The size of the part when it was opened, in bytes.
    [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }

   private:
    friend class counted_folder;
    part(counted_folder& in, std::string path, strait::file contents, std::uint64_t kept, std::uint64_t size) noexcept;
    counted_folder* in_;  // null once the part was removed or renamed
    std::string path_;
    strait::file contents_;
    std::uint64_t kept_;
    std::uint64_t size_;  // of the whole file
  };

  /// `quota` is in bytes. Call `count` before use.
  counted_folder(strait::directory folder, std::uint64_t quota) noexcept;

  /// For operations that do not change the folder.
  [[nodiscard]] strait::directory const& folder() const noexcept { return folder_; }

  /// Counts the contents, and removes parts that were last written before `oldest`. Skips folders without permission to
  /// read; throws any other error.
  [[nodiscard]] strait::task<> count(std::chrono::system_clock::time_point oldest);
  /// The same while the server runs: removes old parts, except those that are being received.
  [[nodiscard]] strait::task<> remove_old_parts(std::chrono::system_clock::time_point oldest);

  /// Creates the folders of `path` that do not exist. Throws `over_quota` if one would exceed the quota; the folders
  /// above it may have been created.
  [[nodiscard]] strait::task<> create_directories(std::string path);

  /// Opens or creates the part `path` of a file of `size` bytes. Returns nothing if another process has locked it.
  /// Throws `over_quota` if the file would exceed the quota.
  [[nodiscard]] strait::task<std::optional<part>> open_part(std::string path, std::uint64_t size, unsigned permissions);
  [[nodiscard]] strait::task<> remove(part& what);
  /// Renames the part of a complete file to `name` in the same folder. With `if_exists::fail`, throws
  /// `std::errc::file_exists` if the file exists.
  [[nodiscard]] strait::task<> rename(part& what, std::string name, strait::if_exists mode);

 private:
  void reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) noexcept;
  /// Calls `found(descriptor, name, status)` for every entry of every folder, with the descriptor of its folder. Only
  /// one folder is open at a time.
  template <class Found>
  void walk(Found found) const;
  /// Returns whether the part was removed. If it was counted, its size is released.
  bool remove_unless_locked(int in, char const* name, bool is_counted);
  void create_directories_blocking(std::string const& path);
  std::optional<part> open_part_blocking(int in, std::string const& path, std::uint64_t size, unsigned permissions);

  strait::directory folder_;
  std::uint64_t const quota_;
  std::atomic<std::uint64_t> used_ = 0;
  // Locked while a part is opened and locked, while an unlocked part is removed, and while a file replaces another, so
  // that the state that each of these steps finds does not change until it is counted.
  std::mutex changing_;
};

}  // namespace samples::upload
