// counted_folder: a folder whose contents may not have more than a quota, and all that changes how much they have.
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

/// What is offered does not fit into the quota.
class over_quota : public std::exception {
 public:
  [[nodiscard]] char const* what() const noexcept override { return "the quota is used up"; }
};

/// Each file and each folder counts this many bytes besides its contents: else the number of empty ones would have no
/// limit.
inline constexpr std::uint64_t entry_size = 4096;

/// "a/b" of "a/b/c"; "." of "c".
[[nodiscard]] std::string folder_of(std::string const& name);
[[nodiscard]] bool is_missing(strait::error const& e) noexcept;

/// The server changes what is in the folder through this class only, and each change is counted in the same step. A
/// file that is being received counts its full size from its offer on. What other programs add or remove counts after
/// the next start of the server. For the connections of all threads; calls that may wait for the disk run on the thread
/// pool.
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
    /// How much was in it when it was opened.
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

  /// `quota` is in bytes. Nothing has been counted yet.
  counted_folder(strait::directory folder, std::uint64_t quota) noexcept;

  /// For what changes nothing.
  [[nodiscard]] strait::directory const& folder() const noexcept { return folder_; }

  /// Counts what is there, and removes parts that were last written before `oldest`. Folders that the server may not
  /// read are left out; any other failure is thrown.
  [[nodiscard]] strait::task<> count(std::chrono::system_clock::time_point oldest);
  /// Removes such parts later, except those that are being written.
  [[nodiscard]] strait::task<> remove_old_parts(std::chrono::system_clock::time_point oldest);

  /// Throws `over_quota` if one of them does not fit; those above it may have been made then.
  [[nodiscard]] strait::task<> create_directories(std::string path);

  /// Opens the part `path` of a file of `size` bytes, or makes it. Returns nothing if another server has locked it.
  /// Throws `over_quota` if the file does not fit.
  [[nodiscard]] strait::task<std::optional<part>> open_part(std::string path, std::uint64_t size, unsigned permissions);
  [[nodiscard]] strait::task<> remove(part& what);
  /// Gives the part of a whole file the name of the file, in the same folder. With `if_exists::fail`, a file that
  /// is there is `std::errc::file_exists`.
  [[nodiscard]] strait::task<> rename(part& what, std::string name, strait::if_exists mode);

 private:
  void reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) noexcept;
  /// Calls `found(descriptor, name, status)` for every entry of every folder, where the descriptor is that of its
  /// folder. One folder is open at a time, however deep they are.
  template <class Found>
  void walk(Found found) const;
  /// Returns whether the part was removed. If it was counted, its size is released.
  bool remove_unless_locked(int in, char const* name, bool is_counted);
  void make_directories_blocking(std::string const& path);
  std::optional<part> open_part_blocking(int in, std::string const& path, std::uint64_t size, unsigned permissions);

  strait::directory folder_;
  std::uint64_t const quota_;
  std::atomic<std::uint64_t> used_ = 0;
  // Locked while a part is opened and locked, while an unlocked one is removed, and while a file replaces another: what
  // each of these steps finds does not change until it is counted.
  std::mutex changing_;
};

}  // namespace samples::upload
