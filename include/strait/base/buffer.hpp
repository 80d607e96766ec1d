// Buffers: the memory that reads fill and writes send. A buffer is a pointer and a size; it owns nothing.
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

/// Bytes to be sent by a write. Converts from any contiguous range of byte-like elements: an array of `char`,
/// `std::string`, `std::vector<std::byte>`, `std::span<unsigned char>`, … The range must outlive the operation.
///
/// An array of `char const` is taken to be a string literal: its terminating NUL is not part of the buffer.
class const_buffer {
 public:
  /// An empty buffer.
  constexpr const_buffer() noexcept = default;
  /// The `size` bytes from `data` on.
  constexpr const_buffer(void const* data, std::size_t size) noexcept : data_(data), size_(size) {}

  /// The elements of `range`.
  template <detail::byte_range R>
    requires(!std::is_base_of_v<const_buffer, std::remove_cvref_t<R>>)
  constexpr const_buffer(R&& range) noexcept : data_(std::data(range)), size_(std::size(range)) {}

  /// The characters of a string literal, without its terminating NUL.
  template <std::size_t N>
  constexpr const_buffer(char const (&literal)[N]) noexcept
      : data_(literal), size_(literal[N - 1] == '\0' ? N - 1 : N) {}

  // The compilers show these lines.
  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr const_buffer(T const&) = delete;  // strait: a number is not a buffer: write fmt::format("{}", number)
  template <class T>
    requires(std::is_pointer_v<T> && std::is_convertible_v<T, char const*>)
  constexpr const_buffer(T const&) = delete;  // strait: a char pointer has no size: write std::string_view(pointer)

  /// The address of the first byte.
  [[nodiscard]] constexpr void const* data() const noexcept { return data_; }
  /// The number of bytes.
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  /// Whether `size()` is 0.
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

 private:
  void const* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory to be filled by a read. Converts from the same ranges as `const_buffer`, if their elements are not const. The
/// range must outlive the operation.
class mutable_buffer : public const_buffer {
 public:
  /// An empty buffer.
  constexpr mutable_buffer() noexcept = default;
  /// The `size` bytes from `data` on.
  constexpr mutable_buffer(void* data, std::size_t size) noexcept : const_buffer(data, size) {}

  /// The elements of `range`.
  template <detail::writable_byte_range R>
    requires(!std::is_base_of_v<const_buffer, std::remove_cvref_t<R>>)
  constexpr mutable_buffer(R&& range) noexcept : const_buffer(std::data(range), std::size(range)) {}

  /// The address of the first byte.
  [[nodiscard]] constexpr void* data() const noexcept { return const_cast<void*>(const_buffer::data()); }
};

/// Several buffers, filled in order by one operation (scatter). Both the elements of the span and the memory that they
/// refer to must outlive the operation.
using mutable_buffers = std::span<mutable_buffer const>;
/// Several buffers, sent in order by one operation (gather). Both the elements of the span and the memory that they
/// refer to must outlive the operation.
using const_buffers = std::span<const_buffer const>;

/// Returns the sum of the sizes of `buffers`, in bytes.
[[nodiscard]] constexpr std::size_t total_size(const_buffers buffers) noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i != buffers.size(); ++i) sum += buffers[i].size();  // an iterator is slower to compile
  return sum;
}
/// Returns the sum of the sizes of `buffers`, in bytes.
[[nodiscard]] constexpr std::size_t total_size(mutable_buffers buffers) noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i != buffers.size(); ++i) sum += buffers[i].size();
  return sum;
}

namespace detail {

/// For code that handles reads and writes alike. A `mutable_buffer` has the layout of a `const_buffer`.
inline const_buffers as_const_buffers(mutable_buffers buffers) noexcept {
  static_assert(sizeof(mutable_buffer) == sizeof(const_buffer));
  return {static_cast<const_buffer const*>(buffers.data()), buffers.size()};
}

/// Removes the first `bytes` bytes from `first` and the buffers in `more`, and then leading empty buffers.
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
