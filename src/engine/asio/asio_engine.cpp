// The engine's clock, alarm and turns; they use only Asio's public interface.
#include "engine/asio/asio_engine.hpp"

#include <ctime>

#include <asio/post.hpp>

#include "engine/asio/sockets.hpp"

namespace strait::engine::STRAIT_ASIO_ENGINE {

// The concurrency hint 1 means that one thread runs the context, so Asio need not wake others. Posting from any thread
// is still allowed.
asio_engine::asio_engine(client& owner)
    : client_(owner), context_(1), work_(context_.get_executor()), alarm_(context_) {
#if defined(STRAIT_HAS_REACTOR_SOCKETS)
  sockets_ = make_reactor_sockets(*this);
#else
  sockets_ = make_portable_sockets(*this);
#endif
  // The first wait makes Asio allocate memory for the alarm; later waits cannot fail.
  wait_for_alarm();
  alarm_.cancel();
}

asio_engine::~asio_engine() { sockets_->context_ends(); }

void asio_engine::run() {
  context_.restart();
  context_.run();
}

// The memory of the previous request is free again: Asio frees it before it calls the handler.
void asio_engine::request_turn() noexcept {
  if (turn_requested_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(context_, reserved_handler(turn_memory_, [this] {
               turn_requested_.store(false, std::memory_order_release);
               client_.turn();
             }));
}

// Memory is reserved for one wait, so an alarm that is moved waits again only after Asio has ended the previous wait.
void asio_engine::set_alarm(clock::time_point when) noexcept {
  alarm_time_ = when;
  if (is_waiting_for_alarm_) alarm_.cancel();
  else wait_for_alarm();
}

void asio_engine::wait_for_alarm() {
  is_waiting_for_alarm_ = true;
  alarm_.expires_at(alarm_time_);
  alarm_.async_wait(reserved_handler(alarm_memory_, [this](asio::error_code const&) { alarm_ended(); }));
}

// Called when the alarm is due, or was moved, or both.
void asio_engine::alarm_ended() noexcept {
  is_waiting_for_alarm_ = false;
  if (alarm_time_ == clock::time_point::max()) return;
  if (alarm_time_ > now()) {
    wait_for_alarm();
    return;
  }
  alarm_time_ = clock::time_point::max();
  client_.turn();
}

std::int64_t asio_engine::coarse_now() const noexcept {
#if defined(CLOCK_MONOTONIC_COARSE)
  std::timespec now;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
#else
  return std::chrono::nanoseconds(clock::now().time_since_epoch()).count();
#endif
}

socket& asio_engine::attach(int descriptor, short_read meaning) { return sockets_->attach(descriptor, meaning); }

std::unique_ptr<engine> make_engine(engine::client& client) { return std::make_unique<asio_engine>(client); }

}  // namespace strait::engine::STRAIT_ASIO_ENGINE
