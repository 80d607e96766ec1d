// Names of people and of rooms.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

inline constexpr std::size_t longest_name = 20;

/// 1 to 20 letters, digits, - and _. Of ASCII only: everybody can type them, and no two names look alike.
[[nodiscard]] constexpr bool is_name(std::string_view text) noexcept {
  auto const is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), is_allowed);
}

/// The same for all spellings of a name: Alice and alice are one.
[[nodiscard]] inline std::string folded(std::string_view name) {
  std::string key(name);
  for (char& c : key)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return key;
}
