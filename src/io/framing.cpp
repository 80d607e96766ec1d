// Framing: encoding and decoding of lengths.
#include "strait/io/framing.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "strait/base/error.hpp"

namespace strait::detail {
namespace {

constexpr int bits_in_varint_byte = 7;
constexpr unsigned varint_goes_on = 0x80;
constexpr std::size_t longest_varint = 10;  // 64 bits

std::string_view text_of(const_buffer bytes) noexcept { return {static_cast<char const*>(bytes.data()), bytes.size()}; }

struct integer_layout {
  std::size_t size;
  bool most_significant_first;
};

/// The layout of a fixed-size prefix.
integer_layout layout_of(length_prefix prefix) noexcept {
  switch (prefix) {
    case length_prefix::u16_be: return {2, true};
    case length_prefix::u16_le: return {2, false};
    case length_prefix::u32_be: return {4, true};
    case length_prefix::u32_le: return {4, false};
    case length_prefix::u64_be: return {8, true};
    case length_prefix::u64_le: return {8, false};
    default: return {1, true};
  }
}

std::uint64_t integer_in(std::string_view bytes, bool most_significant_first) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i != bytes.size(); ++i) {
    auto const at = most_significant_first ? i : bytes.size() - 1 - i;
    value = value << 8 | static_cast<unsigned char>(bytes[at]);
  }
  return value;
}

/// Decodes a varint at the beginning of `bytes`. Returns its size, or 0 if it is incomplete or too large.
std::size_t read_varint(std::string_view bytes, std::uint64_t& value) noexcept {
  value = 0;
  for (std::size_t i = 0; i != std::min(bytes.size(), longest_varint); ++i) {
    auto const byte = static_cast<unsigned char>(bytes[i]);
    if (i == longest_varint - 1 && byte > 1) return 0;  // only one bit of 64 is left
    value |= std::uint64_t{byte & (varint_goes_on - 1)} << (bits_in_varint_byte * i);
    if (byte < varint_goes_on) return i + 1;
  }
  return 0;
}

/// Whether a reader will find the end of the message where it is: no earlier delimiter occurs in the message followed
/// by the delimiter.
bool ends_where_it_should(frame_format const& format, std::string_view message) {
  auto const delimiter = format.delimiter();
  if (message.find(delimiter) != message.npos) return false;
  // The last bytes of the message may form a delimiter together with the first bytes of the following one.
  auto const overlap = std::min(message.size(), delimiter.size() - 1);
  auto const seam = fmt::format("{}{}", message.substr(message.size() - overlap), delimiter);
  return seam.find(delimiter) == overlap;
}

}  // namespace

verdict frame_parser::parse_prefix(std::string_view bytes, parsed& found) noexcept {
  std::size_t prefix_size;
  if (format_.prefix() == length_prefix::varint) {
    prefix_size = read_varint(bytes, size_);
    is_malformed_ = prefix_size == 0 && bytes.size() >= longest_varint;
    wanted_ = bytes.size() + 1;
    if (prefix_size == 0) return is_malformed_ ? verdict::refused : verdict::incomplete;
  } else {
    auto const layout = layout_of(format_.prefix());
    prefix_size = layout.size;
    wanted_ = prefix_size;
    if (bytes.size() < prefix_size) return verdict::incomplete;
    size_ = integer_in(bytes.substr(0, prefix_size), layout.most_significant_first);
  }
  if (size_ > format_.max_size()) return verdict::refused;
  auto const size = static_cast<std::size_t>(size_);
  wanted_ = prefix_size + size;
  found = {prefix_size, size, wanted_};
  return bytes.size() >= wanted_ ? verdict::complete : verdict::incomplete;
}

void frame_parser::refuse(std::string_view peer) const {
  if (format_.is_delimited()) until_.refuse(peer);
  auto const context = fmt::format("read a frame from {}", peer);
  if (is_malformed_)
    throw error(std::make_error_code(std::errc::bad_message), context,
                "the length prefix is not a valid 64-bit varint");
  auto const got = size_ < SIZE_MAX ? static_cast<std::size_t>(size_) : SIZE_MAX;
  throw limit_exceeded(context, got, format_.max_size());
}

void frame_parser::end(std::string_view peer, std::size_t got) const {
  if (format_.is_delimited()) until_.end(peer, got);
  throw unexpected_end(fmt::format("read a frame from {}", peer), got, wanted_);
}

written_prefix::written_prefix(frame_format const& format, std::uint64_t size) noexcept {
  if (format.is_delimited()) return;
  if (format.prefix() != length_prefix::varint) {
    auto const layout = layout_of(format.prefix());
    for (std::size_t i = 0; i != layout.size; ++i) {
      auto const shift = 8 * (layout.most_significant_first ? layout.size - 1 - i : i);
      bytes_[size_++] = static_cast<unsigned char>(size >> shift);
    }
    return;
  }
  for (; size >= varint_goes_on; size >>= bits_in_varint_byte)
    bytes_[size_++] = static_cast<unsigned char>(size | varint_goes_on);
  bytes_[size_++] = static_cast<unsigned char>(size);
}

bool is_sendable(frame_format const& format, const_buffer message) {
  if (message.size() > format.max_size()) return false;
  return !format.is_delimited() || ends_where_it_should(format, text_of(message));
}

void refuse_to_send(frame_format const& format, const_buffer message, std::string_view peer) {
  auto const context = fmt::format("write a frame to {}", peer);
  if (message.size() > format.max_size()) throw limit_exceeded(context, message.size(), format.max_size());
  throw error(std::make_error_code(std::errc::bad_message), context, "the message contains the delimiter");
}

std::string joined(const_buffers parts) {
  std::string all;
  all.reserve(total_size(parts));
  for (auto const& each : parts) all += text_of(each);
  return all;
}

}  // namespace strait::detail
