#include "bytes_literal.hpp"

#include <iterator>

#include <fmt/format.h>

std::string bytes_literal(std::string_view bytes) {
  bool const has_single_quotes_only = bytes.find('\'') != bytes.npos && bytes.find('"') == bytes.npos;
  char const quote = has_single_quotes_only ? '"' : '\'';
  std::string text{'b', quote};
  for (char const byte : bytes) {
    if (byte == quote || byte == '\\') text += {'\\', byte};
    else if (byte == '\t') text += "\\t";
    else if (byte == '\n') text += "\\n";
    else if (byte == '\r') text += "\\r";
    else if (byte >= ' ' && byte <= '~') text += byte;
    else fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return text += quote;
}
