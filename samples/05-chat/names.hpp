// names: the rules for the names of users and rooms.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

inline constexpr std::size_t longest_name = 20;

/// Whether `text` is a valid name: 1 to 20 ASCII letters, digits, - and _. ASCII can be typed on every keyboard, and no
/// two names look alike.
[[nodiscard]] constexpr bool is_name(std::string_view text) noexcept {
  auto const is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), is_allowed);
}

/// Returns the name in lower case. Names that differ only in case, such as Alice and alice, are the same name.
[[nodiscard]] inline std::string folded(std::string_view name) {
  std::string key(name);
  for (char& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key;
}
