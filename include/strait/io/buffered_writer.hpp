// buffered_writer: collects output and sends it in few, large writes.
#pragma once

#include <cstddef>
#include <exception>
#include <string_view>
#include <tuple>
#include <utility>

#include "strait/base/buffer.hpp"
#include "strait/base/error.hpp"
#include "strait/base/export.hpp"
#include "strait/base/fmt.hpp"
#include "strait/core/detail/at_once.hpp"
#include "strait/core/detail/byte_block.hpp"
#include "strait/core/mutex.hpp"
#include "strait/core/task.hpp"
#include "strait/io/detail/in_use.hpp"
#include "strait/io/stream.hpp"

namespace strait {
namespace detail {

/// A sequence of buffers.
class STRAIT_API gathered_bytes {
 public:
  gathered_bytes(const_buffer first, const_buffer second, const_buffers more);
  gathered_bytes(gathered_bytes const&) = delete;
  gathered_bytes& operator=(gathered_bytes const&) = delete;
  ~gathered_bytes();
  [[nodiscard]] const_buffers buffers() const noexcept { return {static_cast<const_buffer const*>(all_), size_}; }

 private:
  static constexpr std::size_t few = 6;
  const_buffer* all_ = few_;
  std::size_t size_ = 0;
  const_buffer few_[few];
};

/// The data to be sent: the part of a writer that does not depend on the stream.
class STRAIT_API unsent {
 public:
  unsent(unsent const&) = delete;
  unsent& operator=(unsent const&) = delete;

  /// Whether no bytes are buffered.
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// Which operation sends the buffered bytes.
  enum class sender : unsigned char {
    task,         ///< an operation of the writer: it throws the failure
    tied_reader,  ///< an operation of a tied reader: a failure, except a time-out, is kept for the writer's next
                  ///< operation
  };
  /// Sends all buffered bytes, after any other send has ended.
  virtual task<> send_all(sender by) = 0;

 protected:
  explicit unsent(std::size_t high_water_mark) noexcept
      : high_water_mark_(high_water_mark == 0 ? 1 : high_water_mark) {}
  ~unsent() = default;

  [[nodiscard]] bool has_room_for(std::size_t size) const noexcept {
    return !is_held_ && size <= high_water_mark_ && bytes_.size() <= high_water_mark_ - size;
  }
  bool try_append(const_buffer bytes) {
    auto const size = bytes.size();
    bool const fits = size <= bytes_.space().size() && bytes_.size() + size <= high_water_mark_ && !is_held_;
    if (!fits) [[unlikely]]
      return try_append(bytes, {});
    bytes_.append(bytes);
    return true;
  }
  bool try_append(const_buffer first, const_buffers more);
  /// Throws `std::bad_alloc`; then nothing has changed.
  void append(const_buffer first, const_buffers more);
  void append_formatted(fmt::string_view format, fmt::format_args arguments);
  /// The first `size` bytes have been sent.
  void sent(std::size_t size) noexcept;
  /// Of the buffered bytes followed by others, the first `moved` have been sent. Returns how many of the others have
  /// been.
  std::size_t sent_with_others(std::size_t moved) noexcept;
  /// The same with others of `size` bytes in total. If some of the others have been sent, buffers the rest. Returns how
  /// many of the others have been sent or buffered.
  std::size_t keep_rest(std::size_t moved, const_buffer first, const_buffers more, std::size_t size);

  static constexpr char const* two_at_once =
      "strait: two writes at once on a buffered_writer: one task at a time may write it";

  /// While one exists, `bytes_` is being sent. Its owner has locked `sending_`.
  class hold {
   public:
    explicit hold(unsent& what) noexcept : what_(what) { what_.is_held_ = true; }
    hold(hold const&) = delete;
    hold& operator=(hold const&) = delete;
    ~hold() { what_.is_held_ = what_.failure_ != nullptr; }

   private:
    unsent& what_;
  };
  /// Throws the failure of a tied reader's flush, once.
  void report_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  byte_block bytes_;
  std::size_t const high_water_mark_;
  bool is_busy_ = false;        // an operation of the writer is in progress
  bool is_read_busy_ = false;   // a tied reader's flush is in progress
  bool is_held_ = false;        // nothing can be appended at once: there is a `hold`, or an unreported failure
  mutex sending_;               // locked by the owner of a `hold`
  std::exception_ptr failure_;  // of a tied reader's flush

 private:
  void make_room(std::size_t size);
};

}  // namespace detail

/// Writes to a stream through a buffer. The writer refers to the stream, which must outlive it and must not be written
/// by other means. Only one task at a time may use it; a second one gets `std::logic_error`. A tied reader may flush it
/// at the same time: the reader's flushes and the operations of the task wait for each other.
///
/// **Output that has not been flushed when the writer is destroyed is lost**: flush at the end of each reply, or `tie`
/// a reader to it.
///
///     buffered_writer out(peer);
///     co_await out.print("{} {}\r\n", status, reason);
///     co_await out.flush();
///
/// An operation that is canceled, times out or fails loses nothing: unsent bytes stay in the buffer, and the next flush
/// continues with them. If a tied reader's flush failed, the writer's next operation reports it, and `try_write`
/// returns false until then. The writer holds memory only while there is something to send.
template <write_stream Stream>
class buffered_writer : public detail::unsent {
 public:
  /// The number of bytes, at least 1, that are buffered before a `write` waits until the stream has accepted them.
  static constexpr std::size_t default_high_water_mark = 16 * 1024;

  /// A writer to `stream`, with an empty buffer.
  explicit buffered_writer(Stream& stream, std::size_t high_water_mark = default_high_water_mark) noexcept
      : unsent(high_water_mark), stream_(stream) {}

  /// Writes all of `from`. Returns its size. Completes at once while the buffer is below the high-water mark, otherwise
  /// when the stream has accepted what was buffered before. Data larger than the mark is sent without being copied. If
  /// it ends with `canceled`, `timed_out` or `error`, `transferred()` is the number of bytes that were sent or
  /// buffered: none, or, if it was in the middle of data larger than the mark, all.
  [[nodiscard]] auto write(const_buffer from) noexcept { return detail::at_once_operation<write_step>(*this, from); }
  /// The same from several buffers, in order.
  [[nodiscard]] auto write(const_buffers from) noexcept { return detail::at_once_operation<gather_step>(*this, from); }

  /// The same if there is room below the high-water mark; otherwise it does nothing and returns false. May throw
  /// `std::bad_alloc`.
  [[nodiscard]] bool try_write(const_buffer from) { return try_append(from); }
  /// The same from several buffers, in order.
  [[nodiscard]] bool try_write(const_buffers from) { return try_append({}, from); }

  /// Formats as `fmt::format` does and buffers the result. Waits as `write` does, but before formatting, so the result
  /// may exceed the high-water mark. If it ends with an exception, nothing has been printed. The arguments must outlive
  /// the operation.
  template <class... Args>
  [[nodiscard]] auto print(fmt::format_string<Args...> format, Args const&... arguments) noexcept {
    return detail::at_once_operation<print_step<Args...>>(*this, detail::format_text(format), arguments...);
  }

  /// Sends the buffered bytes. Completes when the stream has accepted all of them.
  [[nodiscard]] auto flush() noexcept { return detail::at_once_operation<flush_step>(*this); }

  /// The number of bytes that have not been sent.
  [[nodiscard]] std::size_t buffered() const noexcept { return bytes_.size(); }
  /// The underlying stream.
  [[nodiscard]] Stream& stream() const noexcept { return stream_; }

 private:
  class write_step {
   public:
    write_step(buffered_writer& to, const_buffer from) noexcept : to_(&to), from_(from) {}
    bool try_now() { return to_->try_append(from_); }
    std::size_t result() const noexcept { return from_.size(); }
    task<std::size_t> later() { return to_->write_later(from_, {}, from_.size()); }

   private:
    buffered_writer* to_;
    const_buffer from_;
  };
  class gather_step {
   public:
    gather_step(buffered_writer& to, const_buffers from) noexcept : to_(&to), from_(from), size_(total_size(from)) {}
    bool try_now() { return to_->try_append({}, from_); }
    std::size_t result() const noexcept { return size_; }
    task<std::size_t> later() { return to_->write_later({}, from_, size_); }

   private:
    buffered_writer* to_;
    const_buffers from_;
    std::size_t size_;
  };
  template <class... Args>
  class print_step {
   public:
    print_step(buffered_writer& to, fmt::string_view format, Args const&... arguments) noexcept
        : to_(&to), format_(format), arguments_(arguments...) {}
    bool try_now() {
      if (!to_->has_room_for(1)) return false;
      print();
      return true;
    }
    static void result() noexcept {}
    task<> later() {
      co_await to_->send_all(sender::task);
      print();
    }

   private:
    void print() {
      std::apply([this](Args const&... each) { to_->append_formatted(format_, fmt::make_format_args(each...)); },
                 arguments_);
    }
    buffered_writer* to_;
    fmt::string_view format_;
    std::tuple<Args const&...> arguments_;
  };
  class flush_step {
   public:
    explicit flush_step(buffered_writer& what) noexcept : what_(&what) {}
    bool try_now() const noexcept { return what_->empty() && !what_->is_held_; }
    static void result() noexcept {}
    task<> later() { return what_->send_all(sender::task); }

   private:
    buffered_writer* what_;
  };

  task<> send_all(sender by) override;
  task<std::size_t> write_later(const_buffer first, const_buffers more, std::size_t size);
  task<> write_through(const_buffer first, const_buffers more, std::size_t size);

  Stream& stream_;
};

template <write_stream Stream>
task<> buffered_writer<Stream>::send_all(sender by) {
  detail::in_use const mine(by == sender::task ? is_busy_ : is_read_busy_, two_at_once);
  auto turn = sending_.try_lock();
  if (!turn) turn = co_await sending_.lock();
  hold const held(*this);
  if (by == sender::task) report_failure();
  if (empty() || failure_) co_return;
  try {
    sent(co_await stream_.write(const_buffer(bytes_.data(), bytes_.size())));
  } catch (canceled const& ended) {
    sent(ended.transferred());
    throw;
  } catch (timed_out const& late) {
    sent(late.transferred());
    throw;
  } catch (error& failed) {
    sent(failed.transferred());
    if (by == sender::task) throw;
    failed.transferred(0);
    failure_ = std::current_exception();
  }
}

template <write_stream Stream>
task<std::size_t> buffered_writer<Stream>::write_later(const_buffer first, const_buffers more, std::size_t size) {
  if (size >= high_water_mark_) {
    co_await write_through(first, more, size);
    co_return size;
  }
  try {
    co_await send_all(sender::task);
  } catch (canceled& ended) {
    ended.transferred(0);
    throw;
  } catch (error& failed) {
    failed.transferred(0);
    throw;
  }
  append(first, more);
  co_return size;
}

/// Sends the buffered bytes, and then data that is too large to be buffered, without copying it.
template <write_stream Stream>
task<> buffered_writer<Stream>::write_through(const_buffer first, const_buffers more, std::size_t size) {
  detail::in_use const mine(is_busy_, two_at_once);
  auto turn = sending_.try_lock();
  if (!turn) turn = co_await sending_.lock();
  hold const held(*this);
  report_failure();
  detail::gathered_bytes const all(const_buffer(bytes_.data(), bytes_.size()), first, more);
  try {
    co_await stream_.write(all.buffers());
    sent(bytes_.size());
  } catch (canceled& ended) {
    ended.transferred(keep_rest(ended.transferred(), first, more, size));
    throw;
  } catch (timed_out& late) {
    late.transferred(keep_rest(late.transferred(), first, more, size));
    throw;
  } catch (error& failed) {
    failed.transferred(sent_with_others(failed.transferred()));
    throw;
  }
}

}  // namespace strait
