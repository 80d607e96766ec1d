// doorkeeper: who gets an answer, and what the log says about it.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "log_throttle.hpp"
#include "rate_limiter.hpp"
#include "strait/base/error.hpp"
#include "strait/net/endpoint.hpp"
#include "time_server_options.hpp"

/// One for all threads, which may call it at the same time.
class doorkeeper {
 public:
  /// Refers to `options`.
  explicit doorkeeper(time_server_options const& options);

  /// Whether `sender`, of whom a datagram has come, is to get an answer.
  [[nodiscard]] bool admits(strait::endpoint const& sender);

  /// An answer has been sent.
  void answered(strait::endpoint const& sender);
  /// An answer could not be sent.
  void failed(strait::error const& why);

 private:
  using clock = std::chrono::steady_clock;

  time_server_options const& options_;
  std::mutex mutex_;  // for all below
  std::optional<rate_limiter> limiter_;
  log_throttle refusals_;
  log_throttle failures_;
};
