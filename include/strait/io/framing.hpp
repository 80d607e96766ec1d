// Framing: messages over a stream of bytes, received as they were sent, however the stream splits or joins them.
#pragma once

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

/// The encoding of the length before a message: an unsigned integer of 8, 16, 32 or 64 bits, big-endian ("network
/// order") or little-endian, or a varint, which has 7 bits in each byte, least significant first (Protocol Buffers,
/// LEB128).
enum class length_prefix : unsigned char {
  u8,      ///< 8 bits
  u16_be,  ///< 16 bits, big-endian
  u16_le,  ///< 16 bits, little-endian
  u32_be,  ///< 32 bits, big-endian
  u32_le,  ///< 32 bits, little-endian
  u64_be,  ///< 64 bits, big-endian
  u64_le,  ///< 64 bits, little-endian
  varint   ///< 1 to 10 bytes
};

/// How messages are delimited. Both sides must use the same format.
class frame_format {
 public:
  /// The maximum size of messages in formats that are created without one, in bytes.
  static constexpr std::size_t default_max_size = 1024 * 1024;

  /// Each message is preceded by its length, which does not include the prefix itself. Messages may contain any bytes.
  static constexpr frame_format prefixed(length_prefix prefix, std::size_t max_size = default_max_size) noexcept {
    return {prefix, {}, max_size};
  }
  /// Each message is followed by `delimiter`, which must outlive the format and must not be empty. Messages must not
  /// contain it.
  static constexpr frame_format delimited(std::string_view delimiter,
                                          std::size_t max_size = default_max_size) noexcept {
    return {length_prefix::u8, delimiter, max_size};
  }

  /// Whether messages are followed by a delimiter.
  [[nodiscard]] constexpr bool is_delimited() const noexcept { return delimiter_.data() != nullptr; }
  /// The encoding of the length, if messages are not delimited.
  [[nodiscard]] constexpr length_prefix prefix() const noexcept { return prefix_; }
  /// The delimiter; empty if messages have a length prefix.
  [[nodiscard]] constexpr std::string_view delimiter() const noexcept { return delimiter_; }
  /// The maximum size of a message in bytes, without prefix or delimiter: the requested size, or the largest that the
  /// prefix can express.
  [[nodiscard]] constexpr std::size_t max_size() const noexcept { return max_size_; }

 private:
  constexpr frame_format(length_prefix prefix, std::string_view delimiter, std::size_t max_size) noexcept
      : prefix_(prefix), delimiter_(delimiter), max_size_(max_size < largest() ? max_size : largest()) {}
  [[nodiscard]] constexpr std::size_t largest() const noexcept {
    constexpr std::size_t sum_fits = SIZE_MAX / 2;  // so that sums with the size of a prefix do not overflow
    if (is_delimited()) return sum_fits;
    switch (prefix_) {
      case length_prefix::u8: return UINT8_MAX;
      case length_prefix::u16_be:
      case length_prefix::u16_le: return UINT16_MAX;
      case length_prefix::u32_be:
      case length_prefix::u32_le: return UINT32_MAX < sum_fits ? UINT32_MAX : sum_fits;
      default: return sum_fits;
    }
  }

  length_prefix prefix_;
  std::string_view delimiter_;
  std::size_t max_size_;
};

namespace detail {

/// Parses a message with its prefix or delimiter.
class STRAIT_API frame_parser : public strict_parser {
 public:
  explicit frame_parser(frame_format const& format) : format_(format) {
    if (format.is_delimited()) until_ = until_parser("a frame", format.delimiter(), format.max_size());
  }

  verdict parse(std::string_view bytes, parsed& found) noexcept {
    return format_.is_delimited() ? until_.parse(bytes, found) : parse_prefix(bytes, found);
  }
  [[nodiscard]] std::size_t wanted() const noexcept { return format_.is_delimited() ? until_.wanted() : wanted_; }
  [[noreturn]] void refuse(std::string_view peer) const;
  [[noreturn]] void end(std::string_view peer, std::size_t got) const;

 private:
  verdict parse_prefix(std::string_view bytes, parsed& found) noexcept;

  frame_format format_;
  until_parser until_;
  std::size_t wanted_ = 1;
  std::uint64_t size_ = 0;  // according to the prefix
  bool is_malformed_ = false;
};

/// The encoded prefix of a message of `size` bytes.
class STRAIT_API written_prefix {
 public:
  written_prefix(frame_format const& format, std::uint64_t size) noexcept;
  [[nodiscard]] const_buffer bytes() const noexcept { return {bytes_, size_}; }

 private:
  unsigned char bytes_[10];
  std::size_t size_ = 0;
};

/// Whether a message may be sent: it is not too long and does not contain the delimiter.
[[nodiscard]] STRAIT_API bool is_sendable(frame_format const& format, const_buffer message);
/// Throws the reason why it may not.
[[noreturn]] STRAIT_API void refuse_to_send(frame_format const& format, const_buffer message, std::string_view peer);
/// The concatenation of the buffers.
[[nodiscard]] STRAIT_API std::string joined(const_buffers parts);

}  // namespace detail

/// Reads messages through a `buffered_reader`, which must outlive it, and which may be used for other data between
/// messages.
///
///     buffered_reader in(peer);
///     frame_reader frames(in, frame_format::prefixed(length_prefix::u32_be, 64 * 1024));
///     while (auto message = co_await frames.read()) handle(*message);
template <class Stream>
class frame_reader {
 public:
  /// A reader of messages from `from`.
  frame_reader(buffered_reader<Stream>& from, frame_format const& format) noexcept : from_(from), format_(format) {}

  /// Reads the next message. Returns a view into the reader's buffer, valid until the next operation; an empty optional
  /// at end of stream. A message that is longer than allowed is `limit_exceeded`, detected before memory is allocated
  /// for it. A varint of more than 64 bits is `std::errc::bad_message`. If the stream ends inside a message, throws
  /// `unexpected_end`, whose counts include the prefix. After cancellation or a time-out, the next call continues where
  /// this one stopped.
  [[nodiscard]] auto read() {
    return from_.template read_parsed<std::optional<std::string_view>>(detail::frame_parser(format_));
  }

 private:
  buffered_reader<Stream>& from_;
  frame_format format_;
};

/// Writes messages through a `buffered_writer`, which must outlive it and must be flushed as usual, and which may be
/// used for other data between messages.
template <class Stream>
class frame_writer {
 public:
  /// A writer of messages to `to`.
  frame_writer(buffered_writer<Stream>& to, frame_format const& format) noexcept : to_(to), format_(format) {}

  /// Writes one message. Returns its size. Waits and may be canceled as `buffered_writer::write`; a message is written
  /// completely or not at all. A message that is too long is `limit_exceeded`, one that contains the delimiter is
  /// `std::errc::bad_message`; nothing of them is written.
  [[nodiscard]] auto write(const_buffer message) noexcept {
    return detail::at_once_operation<write_step>(*this, message);
  }
  /// The same for a message in several parts, for example a header and a body.
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
