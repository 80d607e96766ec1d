// asio_engine: the engine on an asio::io_context, with one of two kinds of sockets.
#pragma once

#include "engine/asio/which_asio.hpp"

#include <atomic>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "engine/asio/handler_memory.hpp"
#include "engine/engine.hpp"

namespace strait::engine::STRAIT_ASIO_ENGINE {

class asio_engine final : public engine {
 public:
  class socket_maker;

  explicit asio_engine(client& owner);
  ~asio_engine() override;

  void run() override;
  void stop() noexcept override { context_.stop(); }
  void request_turn() noexcept override;
  void set_alarm(clock::time_point when) noexcept override;
  [[nodiscard]] clock::time_point now() const noexcept override { return clock::now(); }
  [[nodiscard]] std::int64_t coarse_now() const noexcept override;
  [[nodiscard]] socket& attach(int descriptor, short_read meaning) override;

  [[nodiscard]] client& owner() noexcept { return client_; }
  [[nodiscard]] asio::io_context& context() noexcept { return context_; }

 private:
  // These traits give the alarm a timer queue of its own in the context, which always has room for it. The timers of
  // users of the Asio bridge are in another queue.
  struct alarm_traits : asio::wait_traits<clock> {};
  using alarm_timer = asio::basic_waitable_timer<clock, alarm_traits, asio::io_context::executor_type>;

  /// The first call may throw `std::bad_alloc`; later calls do not throw.
  void wait_for_alarm();
  void alarm_ended() noexcept;

  client& client_;
  handler_memory turn_memory_;
  handler_memory alarm_memory_;
  std::unique_ptr<socket_maker> sockets_;  // outlives the context, whose queues may refer to sockets until its end
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  alarm_timer alarm_;
  clock::time_point alarm_time_ = clock::time_point::max();  // max: no alarm is set
  bool is_waiting_for_alarm_ = false;                        // Asio has the handler
  std::atomic<bool> turn_requested_ = false;
};

[[nodiscard]] std::unique_ptr<engine> make_engine(engine::client& client);

}  // namespace strait::engine::STRAIT_ASIO_ENGINE
