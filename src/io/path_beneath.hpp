// Paths that lead nowhere but beneath a directory, whatever they say and whatever is in the way.
#pragma once

#include <string>
#include <string_view>

#include "net/descriptor.hpp"

namespace strait::detail {

/// A path whose text leads nowhere else: relative, without "..". What is there may still be a symbolic link.
class path_beneath {
 public:
  /// Throws `error` with `context` and what is wrong.
  path_beneath(std::string_view text, std::string_view context);

  /// Its parts with one `/` between them; "." if there are none.
  [[nodiscard]] std::string const& text() const noexcept { return text_; }
  /// Whether it is the directory itself.
  [[nodiscard]] bool is_self() const noexcept { return text_ == "."; }
  /// All but the last part; "." if there is but one.
  [[nodiscard]] std::string_view parent() const noexcept;
  [[nodiscard]] std::string_view last() const noexcept;

 private:
  std::string text_;
};

/// The `error` for an errno: one about symbolic links says so.
[[nodiscard]] error failure_beneath(int code, std::string_view context);

/// openat(2), but never through a symbolic link, and never waiting for who is to open the other end of a FIFO. `path`
/// is of the form of path_beneath's. Throws `error` with `context`.
[[nodiscard]] unique_descriptor open_beneath(int directory, std::string_view path, int flags, unsigned permissions,
                                             std::string_view context);

/// Opens `path`, which is of that form, for calls that take a directory and a name in it.
[[nodiscard]] unique_descriptor open_place(int directory, std::string_view path, std::string_view context);

/// The directory that `path` names something in. Stays valid while `directory` is.
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

/// Whether openat2(2) and renameat2(2) are used, where the system has them. Without, others do the same in more steps.
[[nodiscard]] bool uses_new_calls() noexcept;

/// For tests: while it lives, those calls are not used.
class without_new_calls {
 public:
  without_new_calls() noexcept;
  without_new_calls(without_new_calls const&) = delete;
  without_new_calls& operator=(without_new_calls const&) = delete;
  ~without_new_calls();
};

}  // namespace strait::detail
