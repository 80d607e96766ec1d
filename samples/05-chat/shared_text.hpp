// shared_text: a line on its way to those who are to see it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

/// One copy, however many queues it is in. Ends with LF.
using shared_text = std::shared_ptr<std::string const>;

/// How much a queue or a history holds at most.
struct text_limits {
  std::size_t messages;
  std::size_t bytes;
};

/// A line from the server: "* alice has come". No name begins with *, so nobody can make one up.
template <class... T>
[[nodiscard]] shared_text notice(fmt::format_string<T...> format, T&&... values) {
  return std::make_shared<std::string const>(fmt::format("* {}\n", fmt::format(format, std::forward<T>(values)...)));
}

/// What somebody says: "alice: hello".
[[nodiscard]] inline shared_text said(std::string_view who, std::string_view text) {
  return std::make_shared<std::string const>(fmt::format("{}: {}\n", who, text));
}
