#include "preview.hpp"

#include <cstddef>

#include <fmt/format.h>

#include "text/escaped.hpp"

std::string preview(std::string_view message) {
  constexpr std::size_t shown = 40;
  return fmt::format("{} {}, {}{}", message.size(), message.size() == 1 ? "byte" : "bytes",
                     samples::bytes_literal(message.substr(0, shown)), message.size() > shown ? "…" : "");
}
