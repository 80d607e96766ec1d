// Buffers: what reads fill and writes send. A buffer is a pointer and a size; it owns nothing.
#pragma once

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace strait {

namespace detail {

template <class T>
concept byte_like = sizeof(T) == 1 && std::is_trivially_copyable_v<T> && !std::is_same_v<std::remove_cv_t<T>, bool>;

template <class R>
concept byte_range = requires(R& range) {
  requires byte_like<std::remove_pointer_t<decltype(std::data(range))>>;
  { static_cast<std::size_t>(std::size(range)) };
};

template <class R>
concept writable_byte_range =
    byte_range<R> && !std::is_const_v<std::remove_pointer_t<decltype(std::data(std::declval<R&>()))>>;

}  // namespace detail

/// Bytes that a write sends. Converts from any contiguous range of byte-like elements: an array of `char`,
/// `std::string`, `std::vector<std::byte>`, `std::span<unsigned char>`, … The range must outlive the operation. An
/// array of `char const` is taken for what it nearly always is, a string literal: its final NUL is not part of the
/// buffer.
class const_buffer {
 public:
  constexpr const_buffer() noexcept = default;
  constexpr const_buffer(void const* data, std::size_t size) noexcept : data_(data), size_(size) {}

  template <detail::byte_range R>
    requires(!std::is_base_of_v<const_buffer, std::remove_cvref_t<R>>)
  constexpr const_buffer(R&& range) noexcept : data_(std::data(range)), size_(std::size(range)) {}

  template <std::size_t N>
  constexpr const_buffer(char const (&literal)[N]) noexcept
      : data_(literal), size_(literal[N - 1] == '\0' ? N - 1 : N) {}

  /// The first byte.
  [[nodiscard]] constexpr void const* data() const noexcept { return data_; }
  /// In bytes.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  /// It has no bytes.
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

 private:
  void const* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory that a read may fill. Converts from the same ranges, if their elements can be written.
class mutable_buffer : public const_buffer {
 public:
  constexpr mutable_buffer() noexcept = default;
  constexpr mutable_buffer(void* data, std::size_t size) noexcept : const_buffer(data, size) {}

  template <detail::writable_byte_range R>
    requires(!std::is_base_of_v<const_buffer, std::remove_cvref_t<R>>)
  constexpr mutable_buffer(R&& range) noexcept : const_buffer(std::data(range), std::size(range)) {}

  /// The first byte.
  [[nodiscard]] constexpr void* data() const noexcept { return const_cast<void*>(const_buffer::data()); }
};

/// Several buffers, filled or sent in order by one operation (scatter, gather). Both the span's elements and the
/// memory they name must outlive the operation.
using mutable_buffers = std::span<mutable_buffer const>;
/// The same for buffers that are sent.
using const_buffers = std::span<const_buffer const>;

/// The sum of the sizes, in bytes.
[[nodiscard]] constexpr std::size_t total_size(const_buffers buffers) noexcept {
  std::size_t sum = 0;
  for (auto const& buffer : buffers) sum += buffer.size();
  return sum;
}
[[nodiscard]] constexpr std::size_t total_size(mutable_buffers buffers) noexcept {
  std::size_t sum = 0;
  for (auto const& buffer : buffers) sum += buffer.size();
  return sum;
}

namespace detail {

/// For what treats reads and writes alike. A `mutable_buffer` is a `const_buffer` with nothing added.
inline const_buffers as_const_buffers(mutable_buffers buffers) noexcept {
  static_assert(sizeof(mutable_buffer) == sizeof(const_buffer));
  return {static_cast<const_buffer const*>(buffers.data()), buffers.size()};
}

/// Of `first` and what follows it, takes away the first `bytes`, and then the buffers that are empty.
constexpr void drop_front(const_buffer& first, const_buffers& more, std::size_t bytes) noexcept {
  while (bytes >= first.size() && !more.empty()) {
    bytes -= first.size();
    first = more.front();
    more = more.subspan(1);
  }
  first = const_buffer(static_cast<char const*>(first.data()) + bytes, first.size() - bytes);
}

}  // namespace detail

}  // namespace strait
