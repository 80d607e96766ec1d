// buffered_reader: reads lines and other delimited or sized data from a stream of bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/core/detail/at_once.hpp"
#include "strait/core/detail/byte_block.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/io/detail/in_use.hpp"
#include "strait/io/detail/lent_memory.hpp"
#include "strait/io/detail/parser.hpp"
#include "strait/io/detail/peer_name.hpp"
#include "strait/io/stream.hpp"
#include "strait/net/borrowed_bytes.hpp"

namespace strait {
namespace detail {

/// The data that has been received but not consumed: the part of a reader that does not depend on the stream.
class STRAIT_API unread {
 public:
  unread(unread const&) = delete;
  unread& operator=(unread const&) = delete;

  /// The bytes that have been received but not consumed. Valid until the next operation.
  [[nodiscard]] std::string_view buffered() const noexcept { return bytes_.view(); }

  /// Consumes the first `size` bytes of `buffered()`. Throws `std::out_of_range` if there are fewer.
  void consume(std::size_t size);

 protected:
  unread() = default;
  ~unread() = default;

  std::string_view take(parsed const& found) noexcept {
    auto const result = bytes_.view().substr(found.begin, found.size);
    bytes_.consume(found.taken);
    return result;
  }
  /// Takes a line, if a complete one no longer than `limit` is buffered.
  bool take_line(std::size_t limit, char const*& line, std::size_t& size) noexcept {
    auto const text = bytes_.view();
    auto const end = text.find('\n');
    if (end == text.npos) return false;
    line = text.data();
    size = line_parser::size_before(text, end);
    if (size > limit) return false;
    bytes_.consume(end + 1);
    return true;
  }
  std::size_t take_some(mutable_buffer into) noexcept;
  /// Puts back bytes that an operation has taken, after those in the buffer.
  void put_back(const_buffer bytes);

  /// Whether the unread bytes are few enough, and the requested size is small enough, for the unread bytes to be put in
  /// front of the next data in borrowed memory.
  [[nodiscard]] bool fits_in_front(std::size_t wanted) const noexcept {
    return bytes_.size() <= borrowed_bytes::capacity / 4 && wanted <= borrowed_bytes::capacity;
  }
  /// Shrinks the memory to the size of the unread bytes, which it returns.
  std::size_t pack();
  /// Takes over `more` with its memory, after the unread bytes are put in front, for which it has room.
  void put_behind(borrowed_bytes more) noexcept;
  /// Makes room for `wanted` bytes in total, but at once no more than twice the size of the data received.
  mutable_buffer make_room(std::size_t wanted);

  static constexpr char const* two_at_once =
      "strait: two reads at once on a buffered_reader: one task at a time may read it";

  byte_block bytes_;
  unsent* tied_ = nullptr;
  bool is_busy_ = false;  // an operation is in progress
};

}  // namespace detail

/// Reads from a stream through a buffer that keeps data that was received but not consumed yet. The reader refers to
/// the stream, which must outlive it and must not be read by other means; use one reader per stream. Only one task at a
/// time may use it; a second one gets `std::logic_error`.
///
/// All operations can be combined. The text that they return points into the buffer and is **valid until the next
/// operation**. If the stream ends before the requested data is complete, they throw `unexpected_end`; if a limit is
/// exceeded, `limit_exceeded`. An exception, cancellation or time-out never loses data: what was received is still in
/// `buffered()`, and the same or another operation continues with it.
///
///     buffered_reader in(peer);
///     while (auto line = co_await in.read_line(1000)) co_await peer.write(*line);
///
/// While it waits and `buffered()` is empty, it holds no memory, if the stream supports `read_borrowed`, as sockets do.
template <read_stream Stream>
class buffered_reader : public detail::unread {
 public:
  /// The limit of operations that are called without one, in bytes.
  static constexpr std::size_t default_limit = 64 * 1024;

  /// A reader of `stream`, with an empty buffer.
  explicit buffered_reader(Stream& stream) noexcept : stream_(stream) {}

  /// Reads a line of at most `limit` bytes. Returns it without the LF or CR LF that ends it; an empty optional at end
  /// of stream. The line may contain any other byte. If the stream ends with an unterminated line, throws
  /// `unexpected_end`, and the line is in `buffered()`.
  [[nodiscard]] auto read_line(std::size_t limit = default_limit) noexcept {
    return detail::at_once_operation<line_step>(*this, limit);
  }
  /// Reads up to `delimiter`, which it consumes. Returns the at most `limit` bytes before it; an empty optional at end
  /// of stream. The delimiter must outlive the operation; an empty one is `std::invalid_argument`.
  [[nodiscard]] auto read_until(std::string_view delimiter, std::size_t limit = default_limit) {
    return read_parsed<std::optional<std::string_view>>(detail::until_parser("data", delimiter, limit));
  }
  /// Reads exactly `size` bytes.
  [[nodiscard]] auto read_exactly(std::size_t size) noexcept {
    return read_parsed<std::string_view>(detail::size_parser(size));
  }
  /// Reads until the buffer is full. Returns its size. If it fails, the bytes received so far are in `buffered()`.
  [[nodiscard]] auto read_exactly(mutable_buffer into) noexcept {
    return detail::at_once_operation<fill_step>(*this, into);
  }
  /// Reads at least one byte, and as many as are available and fit. Returns their number; 0 means end of stream. An
  /// empty buffer throws `std::invalid_argument`.
  [[nodiscard]] auto read(mutable_buffer into) noexcept { return detail::at_once_operation<read_step>(*this, into); }

  /// Waits until `size` bytes are buffered or the stream has ended. Returns everything that is buffered, and consumes
  /// nothing.
  [[nodiscard]] auto peek(std::size_t size = 1) noexcept {
    return read_parsed<std::string_view>(detail::peek_parser(size));
  }
  /// Consumes the rest of the line and the LF that ends it, however long it is. Returns the number of bytes. Use it to
  /// continue after `limit_exceeded`.
  [[nodiscard]] task<std::size_t> skip_line();

  /// Ties `writer` to this reader: before the reader waits for data, it flushes `writer`, so that no peer waits for a
  /// reply that is still buffered. Replies to several buffered requests are sent together. `writer` must outlive the
  /// operations that follow. If another task is flushing `writer` at that moment, the reader waits for it first.
  ///
  /// If the flush fails because the peer accepts no more data, the reader continues to read, since data that the peer
  /// sent before may be a response; the next operation of `writer` reports the failure. A time-out of the flush is
  /// thrown by the reader.
  template <write_stream Sink>
  void tie(buffered_writer<Sink>& writer) noexcept {
    tied_ = &writer;
  }

  /// The underlying stream.
  [[nodiscard]] Stream& stream() const noexcept { return stream_; }

  /// Reads with a custom `parser` (io/detail/parser.hpp), for framing and other formats. Completes when the parser has
  /// found the end. `Result` is a `std::string_view` or an optional one.
  template <class Result, class Parser>
  [[nodiscard]] auto read_parsed(Parser parser) noexcept {
    return detail::at_once_operation<parse_step<Result, Parser>>(*this, parser);
  }

 private:
  template <class Result, class Parser>
  class parse_step {
   public:
    parse_step(buffered_reader& from, Parser const& parser) noexcept : from_(&from), parser_(parser) {}
    bool try_now() { return !from_->is_busy_ && parser_.parse(from_->buffered(), found_) == detail::verdict::complete; }
    Result result() noexcept { return from_->take(found_); }
    task<Result> later() { return from_->template parse_later<Result>(parser_); }

   private:
    buffered_reader* from_;
    Parser parser_;
    detail::parsed found_;
  };
  /// The same as `parse_step`, in fewer instructions.
  class line_step {
   public:
    line_step(buffered_reader& from, std::size_t limit) noexcept : from_(&from), limit_(limit) {}
    bool try_now() noexcept { return !from_->is_busy_ && from_->take_line(limit_, line_, size_); }
    std::optional<std::string_view> result() const noexcept { return std::string_view(line_, size_); }
    task<std::optional<std::string_view>> later() {
      return from_->template parse_later<std::optional<std::string_view>>(detail::line_parser(limit_));
    }

   private:
    buffered_reader* from_;
    std::size_t limit_;
    char const* line_;  // not a string_view: a wide load of it would stall on the two stores before it
    std::size_t size_;
  };
  class read_step {
   public:
    read_step(buffered_reader& from, mutable_buffer into) noexcept : from_(&from), into_(into) {}
    bool try_now() noexcept { return !from_->is_busy_ && (!from_->buffered().empty() || into_.empty()); }
    std::size_t result() {
      if (into_.empty()) detail::throw_empty_buffer();
      return from_->take_some(into_);
    }
    task<std::size_t> later() { return from_->read_later(into_); }

   private:
    buffered_reader* from_;
    mutable_buffer into_;
  };
  class fill_step {
   public:
    fill_step(buffered_reader& from, mutable_buffer into) noexcept : from_(&from), into_(into) {}
    bool try_now() noexcept { return !from_->is_busy_ && from_->buffered().size() >= into_.size(); }
    std::size_t result() noexcept { return from_->take_some(into_); }
    task<std::size_t> later() { return from_->fill_later(into_); }

   private:
    buffered_reader* from_;
    mutable_buffer into_;
  };

  template <class Result, class Parser>
  task<Result> parse_later(Parser parser);
  task<std::size_t> read_later(mutable_buffer into);
  task<std::size_t> fill_later(mutable_buffer into);

  Stream& stream_;
};

template <read_stream Stream>
template <class Result, class Parser>
task<Result> buffered_reader<Stream>::parse_later(Parser parser) {
  detail::in_use const mine(is_busy_, two_at_once);
  for (;;) {
    detail::parsed found;
    auto const verdict = parser.parse(buffered(), found);
    if (verdict == detail::verdict::complete) co_return take(found);
    if constexpr (requires { parser.refuse(""); })
      if (verdict == detail::verdict::refused) parser.refuse(detail::peer_name(stream_));
    if (tied_ && !tied_->empty()) co_await tied_->send_all(detail::unsent::sender::tied_reader);

    std::size_t size;
    if (fits_in_front(parser.wanted())) {
      auto more = co_await detail::read_block(stream_, pack());
      size = more.size();
      put_behind(std::move(more));
    } else {
      size = co_await stream_.read(make_room(parser.wanted()));
      bytes_.commit(size);
    }
    if (size == 0) {
      if (parser.may_end(buffered(), found)) co_return take(found);
      if constexpr (std::is_constructible_v<Result, std::nullopt_t>)
        if (buffered().empty()) co_return std::nullopt;
      parser.end(detail::peer_name(stream_), buffered().size());
    }
  }
}

template <read_stream Stream>
task<std::size_t> buffered_reader<Stream>::read_later(mutable_buffer into) {
  detail::in_use const mine(is_busy_, two_at_once);
  if (tied_ && !tied_->empty()) co_await tied_->send_all(detail::unsent::sender::tied_reader);
  co_return co_await stream_.read(into);
}

template <read_stream Stream>
task<std::size_t> buffered_reader<Stream>::fill_later(mutable_buffer into) {
  if (into.size() <= borrowed_bytes::capacity / 4) {
    auto const bytes = co_await parse_later<std::string_view>(detail::size_parser(into.size()));
    std::memcpy(into.data(), bytes.data(), bytes.size());
    co_return bytes.size();
  }
  detail::in_use const mine(is_busy_, two_at_once);
  auto got = take_some(into);
  try {
    while (got != into.size()) {
      if (tied_ && !tied_->empty()) co_await tied_->send_all(detail::unsent::sender::tied_reader);
      auto const rest = mutable_buffer(static_cast<char*>(into.data()) + got, into.size() - got);
      auto const size = co_await stream_.read(rest);
      if (size == 0) detail::size_parser(into.size()).end(detail::peer_name(stream_), got);
      got += size;
    }
  } catch (...) {
    put_back(const_buffer(into.data(), got));
    throw;
  }
  co_return got;
}

template <read_stream Stream>
task<std::size_t> buffered_reader<Stream>::skip_line() {
  for (std::size_t skipped = 0;;) {
    auto const bytes = co_await peek();
    auto const end = bytes.find('\n');
    auto const size = end == bytes.npos ? bytes.size() : end + 1;
    consume(size);
    skipped += size;
    if (bytes.empty() || end != bytes.npos) co_return skipped;
  }
}

}  // namespace strait
