// Framing: messages over a stream of bytes, each as it was sent, however the stream cuts them up or joins them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "strait/base/buffer.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/io/detail/parser.hpp"

namespace strait {

/// How the length in front of a message is written: an unsigned integer of 8, 16, 32 or 64 bits, most significant byte
/// first (big-endian, "network order") or last; or as many bytes as it takes, 7 bits in each, the least significant
/// first (the varint of Protocol Buffers, LEB128).
enum class length_prefix : unsigned char { u8, u16_be, u16_le, u32_be, u32_le, u64_be, u64_le, varint };

/// How messages are told apart. Both sides must use the same one.
class frame_format {
 public:
  /// The largest message, in bytes, unless another limit is given.
  static constexpr std::size_t default_max_size = 1024 * 1024;

  /// The length in front, which does not count itself. Messages may hold anything.
  static constexpr frame_format prefixed(length_prefix prefix, std::size_t max_size = default_max_size) noexcept {
    return {prefix, {}, max_size};
  }
  /// A delimiter behind, which must outlive the format and not be empty. It must not be in a message.
  static constexpr frame_format delimited(std::string_view delimiter,
                                          std::size_t max_size = default_max_size) noexcept {
    return {length_prefix::u8, delimiter, max_size};
  }

  /// A delimiter follows each message; otherwise a length precedes it.
  [[nodiscard]] constexpr bool is_delimited() const noexcept { return delimiter_.data() != nullptr; }
  /// The encoding of the length; of no meaning for delimited messages.
  [[nodiscard]] constexpr length_prefix prefix() const noexcept { return prefix_; }
  /// The delimiter; empty for messages with a length.
  [[nodiscard]] constexpr std::string_view delimiter() const noexcept { return delimiter_; }
  /// Bytes that a message may have, prefix or delimiter not counted: as asked for, if the prefix can express it.
  [[nodiscard]] constexpr std::size_t max_size() const noexcept { return max_size_; }

 private:
  constexpr frame_format(length_prefix prefix, std::string_view delimiter, std::size_t max_size) noexcept
      : prefix_(prefix), delimiter_(delimiter), max_size_(std::min(max_size, largest())) {}
  [[nodiscard]] constexpr std::size_t largest() const noexcept {
    constexpr std::size_t sum_fits = SIZE_MAX / 2;  // of it and of what is around it
    if (is_delimited()) return sum_fits;
    switch (prefix_) {
      case length_prefix::u8: return UINT8_MAX;
      case length_prefix::u16_be:
      case length_prefix::u16_le: return UINT16_MAX;
      case length_prefix::u32_be:
      case length_prefix::u32_le: return std::min<std::size_t>(UINT32_MAX, sum_fits);
      default: return sum_fits;
    }
  }

  length_prefix prefix_;
  std::string_view delimiter_;
  std::size_t max_size_;
};

namespace detail {

/// A message and what is around it.
class STRAIT_API frame_parser : public strict_parser {
 public:
  explicit frame_parser(frame_format const& format) : format_(format) {
    if (format.is_delimited()) until_.emplace("a frame", format.delimiter(), format.max_size());
  }

  verdict parse(std::string_view bytes, parsed& found) noexcept {
    return until_ ? until_->parse(bytes, found) : parse_prefix(bytes, found);
  }
  [[nodiscard]] std::size_t wanted() const noexcept { return until_ ? until_->wanted() : wanted_; }
  [[noreturn]] void refuse(std::string_view peer) const;
  [[noreturn]] void end(std::string_view peer, std::size_t got) const;

 private:
  verdict parse_prefix(std::string_view bytes, parsed& found) noexcept;

  frame_format format_;
  std::optional<until_parser> until_;
  std::size_t wanted_ = 1;
  std::uint64_t size_ = 0;  // what the prefix says
  bool is_malformed_ = false;
};

/// What stands in front of a message of `size` bytes.
class STRAIT_API written_prefix {
 public:
  written_prefix(frame_format const& format, std::uint64_t size) noexcept;
  [[nodiscard]] const_buffer bytes() const noexcept { return {bytes_, size_}; }

 private:
  unsigned char bytes_[10];
  std::size_t size_ = 0;
};

/// Whether a message may be sent: it is not too long, and its end would be found where it is.
[[nodiscard]] STRAIT_API bool is_sendable(frame_format const& format, const_buffer message);
/// Throws why it may not.
[[noreturn]] STRAIT_API void refuse_to_send(frame_format const& format, const_buffer message, std::string_view peer);
/// All of them in one.
[[nodiscard]] STRAIT_API std::string joined(const_buffers parts);

}  // namespace detail

/// Reads messages through a `buffered_reader`, which must outlive it; in between, it can be used for anything else.
///
///     buffered_reader in(peer);
///     frame_reader frames(in, frame_format::prefixed(length_prefix::u32_be, 64 * 1024));
///     while (auto message = co_await frames.read()) handle(*message);
template <class Stream>
class frame_reader {
 public:
  /// Refers to `from`, which must outlive it.
  frame_reader(buffered_reader<Stream>& from, frame_format const& format) noexcept : from_(from), format_(format) {}

  /// The next message, in the reader's buffer and valid until the next operation; nothing at the end of the stream. One
  /// that is longer than allowed is `limit_exceeded`, before any memory is taken for it. A varint of more than 64 bits
  /// is `std::errc::bad_message`. A stream that ends in the middle is `unexpected_end`, which counts the prefix, too.
  /// After a cancel or a time-out the next call goes on where this one was.
  [[nodiscard]] auto read() {
    return from_.template read_parsed<std::optional<std::string_view>>(detail::frame_parser(format_));
  }

 private:
  buffered_reader<Stream>& from_;
  frame_format format_;
};

/// Writes messages through a `buffered_writer`, which must outlive it, and which is to be flushed as ever; in between,
/// it can be used for anything else.
template <class Stream>
class frame_writer {
 public:
  /// Refers to `to`, which must outlive it.
  frame_writer(buffered_writer<Stream>& to, frame_format const& format) noexcept : to_(to), format_(format) {}

  /// Writes one message; gives its size. It waits and may be canceled as `buffered_writer::write`: a message is taken
  /// whole or not at all. One that is too long is `limit_exceeded`, one that holds the delimiter
  /// `std::errc::bad_message`; nothing is written of them.
  [[nodiscard]] auto write(const_buffer message) noexcept {
    return detail::at_once_operation<write_step>(*this, message);
  }
  /// The same for a message in several parts: a header and a body, say.
  [[nodiscard]] task<std::size_t> write(const_buffers parts);

 private:
  class write_step {
   public:
    write_step(frame_writer& to, const_buffer message) noexcept : to_(&to), message_(message) {}
    bool try_now() const { return detail::is_sendable(to_->format_, message_) && to_->try_write(message_); }
    [[nodiscard]] std::size_t result() const noexcept { return message_.size(); }
    task<std::size_t> later() const { return to_->write_later(message_); }

   private:
    frame_writer* to_;
    const_buffer message_;
  };

  bool try_write(const_buffer message) {
    detail::written_prefix const prefix(format_, message.size());
    const_buffer const frame[] = {prefix.bytes(), message, format_.delimiter()};
    return to_.try_write(frame);
  }
  task<std::size_t> write_later(const_buffer message);

  buffered_writer<Stream>& to_;
  frame_format format_;
};

template <class Stream>
task<std::size_t> frame_writer<Stream>::write_later(const_buffer message) {
  if (!detail::is_sendable(format_, message)) detail::refuse_to_send(format_, message, detail::peer_name(to_.stream()));
  detail::written_prefix const prefix(format_, message.size());
  const_buffer const frame[] = {prefix.bytes(), message, format_.delimiter()};
  co_await to_.write(frame);
  co_return message.size();
}

template <class Stream>
task<std::size_t> frame_writer<Stream>::write(const_buffers parts) {
  auto const size = total_size(parts);
  if (format_.is_delimited() || size > format_.max_size()) {
    auto const message = detail::joined(parts);
    co_return co_await write(message);
  }
  detail::written_prefix const prefix(format_, size);
  detail::gathered_bytes const frame(prefix.bytes(), {}, parts);
  co_await to_.write(frame.buffers());
  co_return size;
}

}  // namespace strait
