// The engine on Asio: an io_context for everything, and one of two kinds of sockets.
#pragma once

#include <atomic>
#include <vector>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "engine/engine.hpp"

namespace strait::engine {

class asio_engine final : public engine {
 public:
  class socket_maker;

  explicit asio_engine(client& owner);
  ~asio_engine() override;

  void run() override;
  void stop() noexcept override { context_.stop(); }
  void request_turn() noexcept override;
  void set_alarm(clock::time_point when) override;
  [[nodiscard]] clock::time_point now() const noexcept override { return clock::now(); }
  [[nodiscard]] std::int64_t coarse_now() const noexcept override;
  [[nodiscard]] socket& attach(int descriptor, short_read meaning) override;

  [[nodiscard]] client& owner() noexcept { return client_; }
  [[nodiscard]] asio::io_context& context() noexcept { return context_; }

 private:
  client& client_;
  std::unique_ptr<socket_maker> sockets_;  // outlives the context, whose queues may hold sockets to the end
  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer alarm_;
  std::atomic<bool> turn_requested_ = false;
};

}  // namespace strait::engine
