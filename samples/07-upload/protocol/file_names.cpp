#include "protocol/file_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace samples::upload {
namespace {

bool is_control(char32_t code_point) noexcept {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f);
}

std::optional<std::string> check_characters(std::string_view name) {
  while (!name.empty()) {
    auto const next = first_character(name);
    if (!next.is_valid) return "a name must be UTF-8";
    if (is_control(next.code_point))
      return fmt::format("a name must not contain control characters such as U+{:04X}",
                         static_cast<unsigned>(next.code_point));
    name.remove_prefix(next.size);
  }
  return std::nullopt;
}

std::optional<std::string> check_part(std::string_view part) {
  if (part.empty()) return "a name must not contain //";
  if (part.size() > longest_part)
    return fmt::format("a part of a name must not exceed {} bytes (it has {})", longest_part, part.size());
  if (part == "." || part == "..") return fmt::format("a part of a name must not be {}", part);
  if (part.starts_with(reserved_prefix)) return fmt::format("a part of a name must not begin with {}", reserved_prefix);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_name(std::string_view name) {
  if (name.empty()) return "a name must not be empty";
  if (name.size() > longest_name)
    return fmt::format("a name must not exceed {} bytes (it has {})", longest_name, name.size());
  if (auto const parts = 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), '/')); parts > max_parts)
    return fmt::format("a name must not exceed {} parts (it has {})", max_parts, parts);
  if (auto wrong = check_characters(name)) return wrong;
  if (name.front() == '/') return "a name must not begin with /";
  if (name.back() == '/') return "a name must not end with /";

  for (auto rest = name;;) {
    auto const slash = rest.find('/');
    if (auto wrong = check_part(rest.substr(0, slash))) return wrong;
    if (slash == rest.npos) return std::nullopt;
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace samples::upload
