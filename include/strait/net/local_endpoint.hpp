// local::endpoint: the address of a Unix-domain socket.
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

/// The address of a Unix-domain socket: a path, a name outside the file system (Linux: "abstract"), or no name at all.
/// A value: comparable, hashable, printable with fmt.
class STRAIT_API endpoint {
 public:
  /// The unnamed endpoint, which is the address of a client that has not bound its socket.
  constexpr endpoint() noexcept = default;

  /// The path of a file. Throws `error` if `path` is empty, contains a NUL, or is longer than 107 bytes, the limit of
  /// the system.
  [[nodiscard]] static endpoint path(std::string_view path);
  /// A name in the abstract namespace. It needs no file, disappears with its socket, and has no permissions. Linux
  /// only. Throws `error` if `name` is empty or longer than 107 bytes.
  [[nodiscard]] static endpoint abstract(std::string_view name);
  /// Parses "@name" as the abstract name "name", and anything else as a path, such as "/run/service.sock". Throws
  /// `error`.
  [[nodiscard]] static endpoint parse(std::string_view text);

  /// Converts from a sockaddr_un of `size` bytes. Returns the unnamed endpoint for any other family.
  [[nodiscard]] static endpoint from_sockaddr(void const* address, std::size_t size) noexcept;
  /// Converts to a sockaddr_un. `into` must have room for `max_sockaddr_size` bytes. Returns the number of bytes
  /// written.
  std::size_t to_sockaddr(void* into) const noexcept;
  /// The size of a sockaddr_un.
  static constexpr std::size_t max_sockaddr_size = 110;

  /// Whether there is no name.
  [[nodiscard]] constexpr bool is_unnamed() const noexcept { return size_ == 0; }
  /// Whether the name is in the abstract namespace.
  [[nodiscard]] constexpr bool is_abstract() const noexcept { return is_abstract_; }
  /// Whether the name is a path.
  [[nodiscard]] constexpr bool is_path() const noexcept { return size_ != 0 && !is_abstract_; }
  /// The path, or the abstract name without the "@".
  [[nodiscard]] constexpr std::string_view name() const noexcept { return {name_.data(), size_}; }

  /// "/run/service.sock", "@name" or "(unnamed)".
  [[nodiscard]] std::string to_string() const;

  /// Orders endpoints by name.
  friend constexpr std::strong_ordering operator<=>(endpoint const&, endpoint const&) noexcept = default;
  /// Whether both have the same name in the same namespace.
  friend constexpr bool operator==(endpoint const&, endpoint const&) noexcept = default;

 private:
  endpoint(std::string_view name, bool is_abstract) noexcept;

  static constexpr std::size_t longest_name = 107;
  std::array<char, longest_name> name_{};  // zero beyond `size_`
  std::uint8_t size_ = 0;
  bool is_abstract_ = false;
};

}  // namespace strait::local

/// Hash of a local endpoint.
template <>
struct STRAIT_API std::hash<strait::local::endpoint> {
  std::size_t operator()(strait::local::endpoint const& of) const noexcept;
};

/// Formats a local endpoint. Accepts the format specifications of strings: "{:>21}".
template <>
struct STRAIT_API fmt::formatter<strait::local::endpoint> : fmt::formatter<fmt::string_view> {
  auto format(strait::local::endpoint const& what, fmt::format_context& context) const -> fmt::format_context::iterator;
};
