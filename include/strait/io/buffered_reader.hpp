// buffered_reader: lines, and whatever else has an end, out of a stream of bytes.
#pragma once

#include <algorithm>
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

/// What has come and has not been asked for: the part of a reader that does not depend on its stream.
class STRAIT_API unread {
 public:
  unread(unread const&) = delete;
  unread& operator=(unread const&) = delete;

  /// What has come and has not been taken. Valid until the next operation.
  [[nodiscard]] std::string_view buffered() const noexcept { return bytes_.view(); }

  /// Takes the first `size` bytes of `buffered()`, no more than there are: else `std::out_of_range`.
  void consume(std::size_t size);

 protected:
  unread() = default;
  ~unread() = default;

  std::string_view take(parsed const& found) noexcept {
    auto const result = bytes_.view().substr(found.begin, found.size);
    bytes_.consume(found.taken);
    return result;
  }
  /// If there is a whole line, no longer than `limit`.
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
  /// Puts back what an operation has taken, behind what there is.
  void put_back(const_buffer bytes);

  /// Whether so little is left over, and something of `wanted` bytes in all is so small, that the one can be put in
  /// front of the rest in borrowed memory.
  [[nodiscard]] bool fits_in_front(std::size_t wanted) const noexcept {
    return bytes_.size() <= borrowed_bytes::capacity / 4 && wanted <= borrowed_bytes::capacity;
  }
  /// Keeps no more memory than what is left over needs; gives its size.
  std::size_t pack();
  /// Keeps what has come in its memory, with what is left over in front, for which it has room.
  void put_behind(borrowed_bytes more) noexcept;
  /// Makes room for something of `wanted` bytes in all, though not at once for more than twice of what has come.
  mutable_buffer make_room(std::size_t wanted);

  static constexpr char const* two_at_once =
      "strait: two reads at once on a buffered_reader: one task at a time may read it";

  byte_block bytes_;
  unsent* tied_ = nullptr;
  bool is_busy_ = false;  // an operation waits
};

}  // namespace detail

/// Reads from a stream through a buffer that keeps what has come and has not been asked for. Refers to the stream,
/// which must outlive it, and which nobody else may read meanwhile: have one reader per stream. One task at a time may
/// use it; a second one gets `std::logic_error`.
///
/// All operations can be mixed. The text that they give is in the buffer and **valid until the next operation**. When
/// the stream ends in the middle of what was asked for, they throw `unexpected_end`, past a limit `limit_exceeded`.
/// Whatever they throw, and when they are canceled or time out, nothing is lost: what has come is still there
/// (`buffered()`), and the same operation, or another one, goes on with it.
///
///     buffered_reader in(peer);
///     while (auto line = co_await in.read_line(1000)) co_await peer.write(*line);
///
/// While it waits without leftovers it holds no memory, if the stream lends its own (`read_borrowed`), as sockets do.
template <read_stream Stream>
class buffered_reader : public detail::unread {
 public:
  /// The limit of `read_line` and the like, in bytes, unless they are called with another.
  static constexpr std::size_t default_limit = 64 * 1024;

  /// Refers to `stream`, which must outlive it.
  explicit buffered_reader(Stream& stream) noexcept : stream_(stream) {}

  /// A line of at most `limit` bytes, without the LF or CR LF that ends it; nothing at the end of the stream. Any other
  /// byte may be in it. Of a last line that nothing ends, `unexpected_end` tells; it is in `buffered()`.
  [[nodiscard]] auto read_line(std::size_t limit = default_limit) noexcept {
    return detail::at_once_operation<line_step>(*this, limit);
  }
  /// What comes before `delimiter`, at most `limit` bytes, and takes the delimiter, too; nothing at the end of the
  /// stream. The delimiter must outlive the operation; an empty one is `std::invalid_argument`.
  [[nodiscard]] auto read_until(std::string_view delimiter, std::size_t limit = default_limit) {
    return read_parsed<std::optional<std::string_view>>(detail::until_parser("data", delimiter, limit));
  }
  /// `size` bytes.
  [[nodiscard]] auto read_exactly(std::size_t size) noexcept {
    return read_parsed<std::string_view>(detail::size_parser(size));
  }
  /// Fills the whole buffer; gives its size. If it fails, what has come is in the reader.
  [[nodiscard]] auto read_exactly(mutable_buffer into) noexcept {
    return detail::at_once_operation<fill_step>(*this, into);
  }
  /// Reads at least one byte, as many as there are and fit; 0 is the end of the stream (or an empty buffer).
  [[nodiscard]] auto read(mutable_buffer into) noexcept { return detail::at_once_operation<read_step>(*this, into); }

  /// Waits until there are `size` bytes, or the stream has ended; gives all there is, and takes nothing of it.
  [[nodiscard]] auto peek(std::size_t size = 1) noexcept {
    return read_parsed<std::string_view>(detail::peek_parser(size));
  }
  /// Takes what remains of the line, and the LF that ends it, however long it is; gives how many bytes that were. For
  /// going on after `limit_exceeded`.
  [[nodiscard]] task<std::size_t> skip_line();

  /// Before it waits for more, what `writer` has is flushed, so that no one waits for a reply that is still in there.
  /// With several requests at hand, their replies are sent together. `writer` must outlive the operations that follow.
  /// If another task is sending through `writer` just then, it waits for that first.
  ///
  /// If the flush fails because the peer takes no more, the reader goes on reading, since what the peer has sent before
  /// may be an answer, and the failure is reported by the next operation of `writer`. A time-out is the reader's, too.
  template <write_stream Sink>
  void tie(buffered_writer<Sink>& writer) noexcept {
    tied_ = &writer;
  }

  /// The stream that it reads.
  [[nodiscard]] Stream& stream() const noexcept { return stream_; }

  /// For framing and other ways to tell where things end: gives `Result`, a `std::string_view` or an optional one, when
  /// `parser` (io/detail/parser.hpp) has found the end.
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
  /// What `parse_step` would do, in fewer instructions.
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
    char const* line_;  // not a string_view: that would be read at once, by a wide load, which waits for two stores
    std::size_t size_;
  };
  class read_step {
   public:
    read_step(buffered_reader& from, mutable_buffer into) noexcept : from_(&from), into_(into) {}
    bool try_now() noexcept { return !from_->is_busy_ && (!from_->buffered().empty() || into_.empty()); }
    std::size_t result() noexcept { return from_->take_some(into_); }
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
