// Serving one datagram socket: receiver, handlers, shutdown.
#include "strait/server/detail/datagram_serving.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "server/datagram_server_core.hpp"
#include "strait/base/error.hpp"
#include "strait/core/detail/frame_memory.hpp"
#include "strait/core/task_group.hpp"

namespace strait::detail {
namespace {

constexpr std::chrono::milliseconds first_retry_delay{5};
constexpr std::chrono::milliseconds max_retry_delay{100};

}  // namespace

struct datagram_serving::shared_state {
  std::atomic<bool> is_woken = false;
};

datagram_serving::datagram_serving(datagram_server_core& server, branch& where)
    : shared_(new shared_state), server_(server), limits_(server.limits()), loop_(where.core()) {
  server_.add(*this);
  if (server_.is_stopping()) stopped_.set();
}

datagram_serving::~datagram_serving() {
  server_.remove(*this);  // from here on, no other thread wakes it
  forget(loop_, *this);
  forget(loop_, check_);
  while (spare_buffer* const each = spare_) {
    spare_ = each->next;
    free_frame(each, buffer_capacity());
  }
}

std::size_t datagram_serving::buffer_capacity() const noexcept {
  return std::max(limits_.max_datagram_size, sizeof(spare_buffer));
}

mutable_buffer datagram_serving::take_buffer() {
  if (spare_) return {std::exchange(spare_, spare_->next), limits_.max_datagram_size};
  return {allocate_frame(buffer_capacity()), limits_.max_datagram_size};
}

void datagram_serving::give_back(mutable_buffer buffer) noexcept {
  spare_ = ::new (buffer.data()) spare_buffer{spare_};
}

void datagram_serving::worker_failed() noexcept {
  try {
    throw;
  } catch (canceled const&) {  // the server was stopped
    return;
  } catch (std::bad_alloc const&) {
    replace_receiver_later();
    return;
  } catch (...) {}
  failure_ = std::current_exception();
  stopped_.set();
}

void datagram_serving::receiver_waits() noexcept {
  if (std::exchange(check_.is_due, true)) return;
  run_soon(loop_, check_);
}

// Not at once: the handler may only wait to send a reply because its turn's budget is used up; it continues in the next
// turn.
void datagram_serving::receiver_check::run_work() noexcept {
  is_due = false;
  if (of_.receiver_ && of_.receiver_->is_handling_) of_.replace_receiver();
}

void datagram_serving::replace_receiver() noexcept {
  receiver_ = nullptr;
  if (is_stopping_ || present_ >= limits_.max_handlers) return;
  try {
    begin_worker();
  } catch (...) {  // out of memory
    replace_receiver_later();
  }
}

// Unless a worker whose handler ends becomes the receiver earlier.
void datagram_serving::replace_receiver_later() noexcept {
  if (!retry_.is_set()) retry_.set(loop_, clock::now() + first_retry_delay);
}

void datagram_serving::wake() noexcept {
  if (!shared_->is_woken.exchange(true)) loop_of(loop_).post(*this);
}

void datagram_serving::run_work() noexcept { stopped_.set(); }

task<> datagram_serving::receive_until_stopped() {
  try {
    co_await stopped_.wait();
  } catch (canceled const&) {}
}

void datagram_serving::stop_receiving() noexcept {
  is_stopping_ = true;
  if (receiver_) receiver_->stop_receiving();
}

void datagram_serving::cancel_handlers() noexcept {
  for (auto* each = workers_.front(); each; each = workers_.next(*each)) each->cancel(datagram_worker::cause::drain);
}

task<> datagram_serving::drain() {
  stop_receiving();
  try {
    if (limits_.on_drain) limits_.on_drain();
  } catch (...) {
    print_failure(std::current_exception());
  }
  empty_.reset();
  drain_limit limit(*this);
  limit.set(loop_, deadline_after(limits_.drain));
  if (present_ != 0) co_await empty_.wait();
}

datagram_statistics datagram_serving::finish() {
  if (failure_) std::rethrow_exception(failure_);
  datagram_statistics result;
  counts.add_to(result);
  return result;
}

datagram_worker::datagram_worker(datagram_serving& of, branch& where)
    : serving_(of), branch_(where), buffer_(of.take_buffer()) {
  scope_.emplace(branch_);
  serving_.workers_.push_back(*this);
  ++serving_.present_;
}

datagram_worker::~datagram_worker() {
  if (serving_.receiver_ == this) serving_.receiver_ = nullptr;
  if (--serving_.present_ == 0) serving_.empty_.set();
  serving_.give_back(buffer_);
}

bool datagram_worker::becomes_receiver() noexcept {
  if (canceled_by_ == cause::drain) return false;
  if (serving_.receiver_ && serving_.receiver_ != this) return false;
  if (std::exchange(canceled_by_, cause::none) != cause::none) scope_.emplace(branch_);
  serving_.receiver_ = this;
  return true;
}

void datagram_worker::stop_receiving() noexcept {
  // Its scope is that of the handlers: a datagram that arrives at this moment is served.
  if (is_handling_) return;
  if (operation* const waiting = std::exchange(branch_.waiting_, nullptr)) waiting->cancel();
}

std::chrono::nanoseconds datagram_worker::receiving_failed() noexcept {
  serving_.counts.receive_errors.add(1);
  auto const received_by_now = serving_.counts.received.get();
  if (std::exchange(received_before_, received_by_now) != received_by_now) failed_in_a_row_ = 0;
  if (failed_in_a_row_++ == 0) return {};
  return std::min(first_retry_delay * (1 << std::min(failed_in_a_row_ - 2, 10u)), max_retry_delay);
}

void datagram_worker::handler_waits() noexcept {
  if (serving_.limits_.handler_timeout.count() > 0)
    set(serving_.loop_, deadline_after(serving_.limits_.handler_timeout));
  serving_.receiver_waits();
}

void datagram_worker::cancel(cause why) noexcept {
  if (canceled_by_ == cause::none) canceled_by_ = why;
  scope_->inner.cancel();
}

std::exception_ptr datagram_worker::failed() noexcept {
  if (is_set()) reset();
  auto& counts = serving_.counts;
  auto failure = std::current_exception();
  try {
    throw;
  } catch (canceled const&) {
    if (canceled_by_ == cause::drain) {
      counts.aborted.add(1);
      return {};
    }
    if (canceled_by_ == cause::deadline) {
      counts.timed_out.add(1);
      return out_of_time();
    }
  } catch (timed_out const&) {
    counts.timed_out.add(1);
    return failure;
  } catch (...) {}
  counts.failed.add(1);
  return failure;
}

std::exception_ptr datagram_worker::out_of_time() const noexcept {
  try {
    double const seconds = std::chrono::duration<double>(serving_.limits_.handler_timeout).count();
    return std::make_exception_ptr(timed_out(fmt::format("serve a datagram within {:.3g} s", seconds)));
  } catch (...) {
    return std::current_exception();
  }
}

void datagram_counts::add_to(datagram_statistics& total) const noexcept {
  // A datagram is first counted as received and later by its outcome, so the counters are read in the opposite order.
  datagram_statistics here;
  here.rejected = rejected.get();
  here.served = served.get();
  here.failed = failed.get();
  here.timed_out = timed_out.get();
  here.aborted = aborted.get();
  here.truncated = truncated.get();
  here.received = received.get();
  here.active = here.received - here.rejected - here.served - here.failed - here.timed_out - here.aborted;
  here.receive_errors = receive_errors.get();
  here.replies = replies.get();
  here.bytes_received = bytes_received.get();
  here.bytes_sent = bytes_sent.get();
  total += here;
}

}  // namespace strait::detail
