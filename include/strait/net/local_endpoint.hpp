// local::endpoint: the address of a socket within this host.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "strait/base/fmt.hpp"

#include "strait/base/export.hpp"

namespace strait::local {

/// The address of a Unix-domain socket: a path, a name that is in no file system (Linux: "abstract"), or none. A value:
/// comparable, hashable, printable with fmt.
class STRAIT_API endpoint {
 public:
  /// No name: where a client is that has not bound itself.
  constexpr endpoint() noexcept = default;

  /// A file. Throws `error` if `path` is empty, contains a NUL, or is longer than 107 bytes, which is all the system
  /// takes.
  [[nodiscard]] static endpoint path(std::string_view path);
  /// A name of the abstract namespace: it needs no file, is gone with its socket, and knows no permissions. Linux only.
  /// Throws `error` if it is empty or longer than 107 bytes.
  [[nodiscard]] static endpoint abstract(std::string_view name);
  /// Reads "/run/service.sock" or any other path, and "@name" for the abstract "name". Throws `error`.
  [[nodiscard]] static endpoint parse(std::string_view text);

  /// From the system's form, a sockaddr_un, of `size` bytes. Gives the unnamed endpoint for any other family.
  [[nodiscard]] static endpoint from_sockaddr(void const* address, std::size_t size) noexcept;
  /// To the system's form: `into` has room for `max_sockaddr_size` bytes. Gives how many of them it has written.
  std::size_t to_sockaddr(void* into) const noexcept;
  /// A sockaddr_un.
  static constexpr std::size_t max_sockaddr_size = 110;

  /// It has no address, as most clients.
  [[nodiscard]] constexpr bool is_unnamed() const noexcept { return size_ == 0; }
  /// A name without a file (Linux).
  [[nodiscard]] constexpr bool is_abstract() const noexcept { return is_abstract_; }
  /// The path of a file.
  [[nodiscard]] constexpr bool is_path() const noexcept { return size_ != 0 && !is_abstract_; }
  /// The path, or the abstract name without the "@".
  [[nodiscard]] constexpr std::string_view name() const noexcept { return {name_.data(), size_}; }

  /// "/run/service.sock", "@name" or "(unnamed)".
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(endpoint const&, endpoint const&) noexcept = default;
  friend constexpr bool operator==(endpoint const&, endpoint const&) noexcept = default;

 private:
  endpoint(std::string_view name, bool is_abstract) noexcept;

  static constexpr std::size_t longest_name = 107;
  std::array<char, longest_name> name_{};  // zero beyond `size_`
  std::uint8_t size_ = 0;
  bool is_abstract_ = false;
};

}  // namespace strait::local

template <>
struct STRAIT_API std::hash<strait::local::endpoint> {
  std::size_t operator()(strait::local::endpoint const& of) const noexcept;
};

/// Takes the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::local::endpoint> : fmt::formatter<fmt::string_view> {
  auto format(strait::local::endpoint const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
