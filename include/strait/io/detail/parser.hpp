// Parsers: find the end of a line, a frame or the like in the data received so far.
#pragma once

#include <cstddef>
#include <string_view>

#include "strait/base/export.hpp"

namespace strait::detail {

/// The result of a parser.
struct parsed {
  std::size_t begin = 0;  ///< where the result begins
  std::size_t size = 0;   ///< the size of the result
  std::size_t taken = 0;  ///< the number of bytes to consume, including delimiters and prefixes
};

enum class verdict : unsigned char {
  complete,
  incomplete,  ///< more bytes are needed
  refused,     ///< invalid, whatever follows
};

// A parser has
//   verdict parse(std::string_view bytes, parsed& found);     `bytes` begins with those of the previous call
//   std::size_t wanted() const;                               after `incomplete`: the minimum number of bytes needed
//   [[noreturn]] void refuse(std::string_view peer) const;    after `refused`, if used: throws the reason
//
// and, for when the stream has ended after `bytes`, which are incomplete,
//   bool may_end(std::string_view bytes, parsed& found) const;              whether they are accepted nevertheless
//   [[noreturn]] void end(std::string_view peer, std::size_t got) const;    throws `unexpected_end` after `got` bytes

/// Accepts nothing that is incomplete.
class strict_parser {
 public:
  static constexpr bool may_end(std::string_view, parsed&) noexcept { return false; }
};

/// Data that ends with a delimiter. `what` is for messages: "a line".
class STRAIT_API delimited_parser : public strict_parser {
 public:
  delimited_parser(char const* what, std::size_t limit) noexcept : what_(what), limit_(limit) {}

  [[nodiscard]] std::size_t wanted() const noexcept { return searched_ + 1; }
  [[noreturn]] void refuse(std::string_view peer) const;
  [[noreturn]] void end(std::string_view peer, std::size_t got) const;

 protected:
  verdict refused(std::size_t got) noexcept {
    got_ = got;
    return verdict::refused;
  }
  char const* what_;
  std::size_t limit_;
  std::size_t searched_ = 0;  // the delimiter does not begin within this many bytes
  std::size_t got_ = 0;
};

/// A line of at most `limit` bytes, which ends with LF or CR LF.
class STRAIT_API line_parser : public delimited_parser {
 public:
  explicit line_parser(std::size_t limit) noexcept : delimited_parser("a line", limit) {}

  /// The size of the line that ends with the LF at `end`.
  static std::size_t size_before(std::string_view bytes, std::size_t end) noexcept {
    return end - (end != 0 && bytes[end - 1] == '\r' ? 1 : 0);
  }

  verdict parse(std::string_view bytes, parsed& found) noexcept {
    auto const end = bytes.find('\n', searched_);
    if (end == bytes.npos) [[unlikely]]
      return not_found(bytes);
    auto const size = size_before(bytes, end);
    found = {0, size, end + 1};
    return size <= limit_ ? verdict::complete : refused(size);
  }

 private:
  verdict not_found(std::string_view bytes) noexcept;
};

/// At most `limit` bytes before `delimiter`, which must outlive the parser. An empty delimiter is
/// `std::invalid_argument`.
class STRAIT_API until_parser : public delimited_parser {
 public:
  /// Another one must be assigned before it is used.
  until_parser() noexcept : delimited_parser("", 0) {}
  until_parser(char const* what, std::string_view delimiter, std::size_t limit);
  verdict parse(std::string_view bytes, parsed& found) noexcept;

 private:
  std::string_view delimiter_;
};

/// A fixed number of bytes.
class STRAIT_API size_parser : public strict_parser {
 public:
  explicit size_parser(std::size_t size) noexcept : size_(size) {}

  verdict parse(std::string_view bytes, parsed& found) const noexcept {
    found = {0, size_, size_};
    return bytes.size() >= size_ ? verdict::complete : verdict::incomplete;
  }
  [[nodiscard]] std::size_t wanted() const noexcept { return size_; }
  [[noreturn]] void end(std::string_view peer, std::size_t got) const;

 private:
  std::size_t size_;
};

/// At least `size` bytes, or everything up to end of stream; consumes nothing.
class peek_parser : public size_parser {
 public:
  using size_parser::size_parser;

  verdict parse(std::string_view bytes, parsed& found) const noexcept {
    found = {0, bytes.size(), 0};
    return bytes.size() >= wanted() ? verdict::complete : verdict::incomplete;
  }
  static bool may_end(std::string_view bytes, parsed& found) noexcept {
    found = {0, bytes.size(), 0};
    return true;
  }
};

}  // namespace strait::detail
