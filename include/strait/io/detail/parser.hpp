// Parsers: how the end of a line, of a frame or the like is found in what has come so far.
#pragma once

#include <cstddef>
#include <string_view>

#include "strait/base/export.hpp"

namespace strait::detail {

/// What a parser has found in the bytes that it was given.
struct parsed {
  std::size_t begin = 0;  ///< where the result begins
  std::size_t size = 0;   ///< how long it is
  std::size_t taken = 0;  ///< how many bytes it stands for, with what is around it
};

enum class verdict : unsigned char {
  complete,
  incomplete,  ///< more bytes are needed
  refused,     ///< whatever follows
};

// A parser has
//   verdict parse(std::string_view bytes, parsed& found);     `bytes` begins as it did the time before
//   std::size_t wanted() const;                               after `incomplete`: so many bytes it needs, at least
//   [[noreturn]] void refuse(std::string_view peer) const;    after `refused`, if it refuses anything: throws why
// and, for when the stream has ended after `bytes`, which are incomplete,
//   bool may_end(std::string_view bytes, parsed& found) const;             whether they will do
//   [[noreturn]] void end(std::string_view peer, std::size_t got) const;    throws that it has, after `got` bytes

/// What is incomplete until its end has come.
class strict_parser {
 public:
  static constexpr bool may_end(std::string_view, parsed&) noexcept { return false; }
};

/// Something that ends with a delimiter. `what` is for messages: "a line".
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
  std::size_t searched_ = 0;  // the delimiter begins in none of so many bytes
  std::size_t got_ = 0;
};

/// A line of at most `limit` bytes, which ends with LF or CR LF.
class STRAIT_API line_parser : public delimited_parser {
 public:
  explicit line_parser(std::size_t limit) noexcept : delimited_parser("a line", limit) {}

  /// Of the line that ends with the LF at `end`.
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

/// At most `limit` bytes up to `delimiter`, which must outlive the parser. An empty one is `std::invalid_argument`.
class STRAIT_API until_parser : public delimited_parser {
 public:
  until_parser(char const* what, std::string_view delimiter, std::size_t limit);
  verdict parse(std::string_view bytes, parsed& found) noexcept;

 private:
  std::string_view delimiter_;
};

/// So many bytes.
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

/// At least so many bytes, or the end of the stream; takes nothing.
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
