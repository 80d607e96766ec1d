// Reads and writes of streams, from the first attempt to the result.
#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "net/socket_awaiter.hpp"
#include "net/stream_socket.hpp"
#include "strait/core/detail/spliced_bytes.hpp"

namespace strait::detail {
namespace {

// Values of `error_` besides errno values, which are positive.
constexpr int ended_early = -1;
constexpr int empty_buffer = -2;

}  // namespace

void transfer_awaiter::add(const_buffers more) noexcept {
  more_ = more;
  wanted_ += total_size(more_);
  drop_front(buffer_, more_, 0);
}

inline bool transfer_awaiter::is_done_already() noexcept {
  if (wanted_ != 0) [[likely]]
    return false;
  if (what_ == kind::read && how_much_ == transfer_request::amount::some) error_ = empty_buffer;
  return true;
}

inline transfer_awaiter::progress transfer_awaiter::take_in(loop_core&) noexcept {
  if (moved_ == 0) [[unlikely]]
    return take_in_nothing();
  transferred_ += moved_;
  if (how_much_ == transfer_request::amount::some || transferred_ == wanted_) return progress::done;
  return take_in_part();
}

/// The attempt has failed, or reached the end of the stream.
transfer_awaiter::progress transfer_awaiter::take_in_nothing() noexcept {
  if (error_ != 0) {
    if (socket_) socket_->failed(error_);
  } else if (is_end_of_stream()) {
    if (socket_) error_ = socket_->failure_at_end();
    if (error_ == 0 && how_much_ == transfer_request::amount::all) error_ = ended_early;
  }
  return progress::done;
}

/// The meaning of an attempt that transferred nothing, without an error.
bool transfer_awaiter::is_end_of_stream() const noexcept {
  if (what_ != kind::splice_in) return !is_output();
  auto const& bytes = *static_cast<spliced_bytes const*>(buffer_.data());
  return !bytes.is_refused() && !bytes.is_full();
}

transfer_awaiter::progress transfer_awaiter::take_in_part() noexcept {
  drop_front(buffer_, more_, moved_);
  if (socket_) socket_->moved_part(*this);
  moved_ = 0;
  return progress::unfinished;
}

template class socket_awaiter<transfer_awaiter>;

result<std::size_t> transfer_awaiter::await_as_result() {
  if (error_ == 0) return transferred_;
  try {
    fail();
  } catch (std::system_error const& e) {
    return {e.code(), std::current_exception()};
  }
}

borrow_awaiter::borrow_awaiter(stream_socket* const& on, std::size_t headroom) noexcept
    : read_({on, io_operation::kind::read_borrowed, transfer_request::amount::some,
             const_buffer(nullptr, io_operation::borrowed_block_size -
                                       std::min(headroom, io_operation::borrowed_block_size / 2))}) {}

borrow_awaiter::~borrow_awaiter() { take(); }

borrowed_bytes borrow_awaiter::await_resume() {
  auto lent = take();
  read_.await_resume();
  return borrowed_bytes(std::move(lent));
}

byte_block borrow_awaiter::take() noexcept {
  auto const got = std::exchange(read_.buffer_, {});
  if (!got.data()) return {};
  constexpr auto whole = io_operation::borrowed_block_size;
  auto const headroom = whole - got.size();
  return {static_cast<char*>(const_cast<void*>(got.data())) - headroom, whole, headroom, read_.moved_};
}

void transfer_awaiter::fail() const {
  if (error_ == ECANCELED && early_end_ != early_end::timed_out) throw canceled(transferred_);
  char const* const doing = is_output() ? "write" : "read";
  if (error_ == empty_buffer) throw_empty_buffer();
  if (!socket_ || error_ == EBADF) throw error(errc::closed, doing, transferred_);
  auto const context = fmt::format("{} {} {}", doing, is_output() ? "to" : "from", socket_->peer_name());
  if (error_ == ended_early) throw unexpected_end(context, transferred_, wanted_);
  if (error_ == ECANCELED) throw timed_out(context + socket_->details(is_output()), transferred_);
  throw system_failure(error_, context, transferred_);
}

}  // namespace strait::detail
