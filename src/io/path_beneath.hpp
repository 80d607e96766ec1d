// Paths that are confined to a directory, whatever their text and the contents of the directory are.
#pragma once

#include <string>
#include <string_view>

#include "net/descriptor.hpp"

namespace strait::detail {

/// A path whose text is confined: relative, without "..". Its parts may still be symbolic links.
class path_beneath {
 public:
  /// Throws `error` with `context` and the reason if `text` is not such a path.
  path_beneath(std::string_view text, std::string_view context);

  /// The parts, separated by one `/` each; "." if there are none.
  [[nodiscard]] std::string const& text() const noexcept { return text_; }
  /// Whether it is the directory itself.
  [[nodiscard]] bool is_self() const noexcept { return text_ == "."; }
  /// All parts but the last; "." if there is only one.
  [[nodiscard]] std::string_view parent() const noexcept;
  [[nodiscard]] std::string_view last() const noexcept;

 private:
  std::string text_;
};

/// The `error` for an errno; those that mean a symbolic link say so.
[[nodiscard]] error failure_beneath(int code, std::string_view context);

/// openat(2), but never follows a symbolic link, and never waits for the other end of a FIFO. `path` is in the form of
/// `path_beneath::text`. Throws `error` with `context`.
[[nodiscard]] unique_descriptor open_beneath(int directory, std::string_view path, int flags, unsigned permissions,
                                             std::string_view context);

/// Opens the directory `path`, in the same form, for system calls that take a directory and a name in it.
[[nodiscard]] unique_descriptor open_place(int directory, std::string_view path, std::string_view context);

/// The parent directory of `path`. Valid as long as `directory` is.
class parent_directory {
 public:
  parent_directory(int directory, path_beneath const& path, std::string_view context)
      : opened_(path.parent() == "." ? unique_descriptor() : open_place(directory, path.parent(), context)),
        descriptor_(opened_.get() < 0 ? directory : opened_.get()) {}
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  unique_descriptor opened_;
  int descriptor_;
};

/// Whether openat2(2) and renameat2(2) are used where the kernel has them. Otherwise, several calls do the same.
[[nodiscard]] bool uses_new_calls() noexcept;

/// For tests: while one exists, those calls are not used.
class without_new_calls {
 public:
  without_new_calls() noexcept;
  without_new_calls(without_new_calls const&) = delete;
  without_new_calls& operator=(without_new_calls const&) = delete;
  ~without_new_calls();
};

}  // namespace strait::detail
