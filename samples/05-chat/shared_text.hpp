// shared_text: a line that is sent to several clients.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

/// One copy that all queues share. Ends with LF.
using shared_text = std::shared_ptr<std::string const>;

/// The capacity of a queue or a history.
struct text_limits {
  std::size_t messages;
  std::size_t bytes;
};

/// Returns a line from the server: "* alice has joined". Users cannot forge one, because no name begins with *.
template <class... T>
[[nodiscard]] shared_text notice(fmt::format_string<T...> format, T&&... values) {
  return std::make_shared<std::string const>(fmt::format("* {}\n", fmt::format(format, std::forward<T>(values)...)));
}

/// Returns a message from a user: "alice: hello".
[[nodiscard]] inline shared_text chat_message(std::string_view from, std::string_view text) {
  return std::make_shared<std::string const>(fmt::format("{}: {}\n", from, text));
}
