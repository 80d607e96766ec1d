#include "text/escaped.hpp"

#include <iterator>

#include <fmt/format.h>

namespace samples {
namespace {

void append_escaped(std::string& text, char byte) {
  if (byte == '\\') text += "\\\\";
  else if (byte == '\t') text += "\\t";
  else if (byte == '\n') text += "\\n";
  else if (byte == '\r') text += "\\r";
  else if (byte >= ' ' && byte <= '~') text += byte;
  else fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(byte));
}

}  // namespace

std::string escaped(std::string_view bytes) {
  std::string text;
  for (char const byte : bytes) append_escaped(text, byte);
  return text;
}

std::string bytes_literal(std::string_view bytes) {
  bool const has_single_quotes_only = bytes.find('\'') != bytes.npos && bytes.find('"') == bytes.npos;
  char const quote = has_single_quotes_only ? '"' : '\'';
  std::string text{'b', quote};
  for (char const byte : bytes) {
    if (byte == quote) text += '\\';
    append_escaped(text, byte);
  }
  return text += quote;
}

}  // namespace samples
