// Parsing and formatting of local addresses.
#include "strait/net/local_endpoint.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "strait/base/error.hpp"

namespace strait::local {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw error(std::make_error_code(std::errc::invalid_argument), fmt::format("bad local endpoint \"{}\"", text),
              reason);
}

constexpr std::size_t head_size = offsetof(sockaddr_un, sun_path);

}  // namespace

endpoint::endpoint(std::string_view name, bool is_abstract) noexcept
    : size_(static_cast<std::uint8_t>(name.size())), is_abstract_(is_abstract) {
  std::copy(name.begin(), name.end(), name_.begin());
}

endpoint endpoint::path(std::string_view path) {
  if (path.empty()) refuse(path, "the path is empty");
  if (path.size() > longest_name) refuse(path, fmt::format("the path is longer than {} bytes", longest_name));
  if (path.find('\0') != path.npos) refuse(path, "the path contains a NUL character");
  return {path, false};
}

endpoint endpoint::abstract(std::string_view name) {
  if (name.empty()) refuse("@", "the abstract name is empty");
  if (name.size() > longest_name)
    refuse(fmt::format("@{}", name), fmt::format("the abstract name is longer than {} bytes", longest_name));
  return {name, true};
}

endpoint endpoint::parse(std::string_view text) {
  return text.starts_with('@') ? abstract(text.substr(1)) : path(text);
}

// unix(7), "Address format": an abstract name begins with a NUL and ends where the address ends; a path may or may not
// be terminated by a NUL.
endpoint endpoint::from_sockaddr(void const* address, std::size_t size) noexcept {
  sockaddr_un system{};
  std::memcpy(&system, address, std::min(size, sizeof system));
  if (system.sun_family != AF_UNIX || size <= head_size) return {};
  std::string_view const text(system.sun_path, std::min(size - head_size, sizeof system.sun_path));
  if (text.front() == '\0') return {text.substr(1, longest_name), true};
  return {text.substr(0, std::min(text.find('\0'), longest_name)), false};
}

std::size_t endpoint::to_sockaddr(void* into) const noexcept {
  static_assert(max_sockaddr_size >= sizeof(sockaddr_un) && sizeof(sockaddr_un::sun_path) > longest_name);
  sockaddr_un system{};
  system.sun_family = AF_UNIX;
  std::copy_n(name_.begin(), size_, system.sun_path + (is_abstract_ ? 1 : 0));
  std::memcpy(into, &system, sizeof system);
  return head_size + (is_unnamed() ? 0 : size_ + 1u);  // the NUL before an abstract name or after a path
}

std::string endpoint::to_string() const {
  if (is_unnamed()) return "(unnamed)";
  return is_abstract_ ? fmt::format("@{}", name()) : std::string(name());
}

}  // namespace strait::local

auto fmt::formatter<strait::local::endpoint>::format(strait::local::endpoint const& what,
                                                     fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(fmt::string_view(what.to_string()), context);
}

std::size_t std::hash<strait::local::endpoint>::operator()(strait::local::endpoint const& of) const noexcept {
  return std::hash<std::string_view>()(of.name()) + (of.is_abstract() ? 1 : 0);
}
