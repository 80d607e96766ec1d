// Parsers: rare cases and error messages.
#include "strait/io/detail/parser.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "strait/base/error.hpp"

namespace strait::detail {

void delimited_parser::refuse(std::string_view peer) const {
  throw limit_exceeded(fmt::format("read {} from {}", what_, peer), got_, limit_);
}

void delimited_parser::end(std::string_view peer, std::size_t got) const {
  throw unexpected_end(fmt::format("read {} from {}", what_, peer), got);
}

verdict line_parser::not_found(std::string_view bytes) noexcept {
  searched_ = bytes.size();
  // The byte over the limit may be the CR of the line ending.
  bool const may_end_yet = bytes.size() <= limit_ || (bytes.size() == limit_ + 1 && bytes.back() == '\r');
  return may_end_yet ? verdict::incomplete : refused(bytes.size());
}

until_parser::until_parser(char const* what, std::string_view delimiter, std::size_t limit)
    : delimited_parser(what, limit), delimiter_(delimiter) {
  if (delimiter.empty()) throw std::invalid_argument("strait: the delimiter must not be empty");
}

verdict until_parser::parse(std::string_view bytes, parsed& found) noexcept {
  auto const at = bytes.find(delimiter_, searched_);
  if (at != bytes.npos) {
    found = {0, at, at + delimiter_.size()};
    return at <= limit_ ? verdict::complete : refused(at);
  }
  auto const overlap = delimiter_.size() - 1;  // the delimiter may have begun
  searched_ = bytes.size() < overlap ? 0 : bytes.size() - overlap;
  return searched_ <= limit_ ? verdict::incomplete : refused(bytes.size());
}

void size_parser::end(std::string_view peer, std::size_t got) const {
  throw unexpected_end(fmt::format("read from {}", peer), got, size_);
}

}  // namespace strait::detail
