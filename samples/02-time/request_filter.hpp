// request_filter: decides which datagrams the time server answers, and logs what it does.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "log_throttle.hpp"
#include "rate_limiter.hpp"
#include "strait/base/error.hpp"
#include "strait/net/endpoint.hpp"
#include "time_server_options.hpp"

/// Thread-safe: all threads of the server share one.
class request_filter {
 public:
  /// Keeps a reference to `options`.
  explicit request_filter(time_server_options const& options);

  /// The number of bytes of a request that `accepts` needs to recognize an answer of another server.
  static constexpr std::size_t max_request_size = 64;

  /// Whether the server should answer `request`, which may be truncated to `max_request_size` bytes; if not, logs why.
  /// Servers get no answer, because they might answer in turn: datagrams from a well-known port (1 to 1023) and
  /// datagrams that are a time themselves are ignored. The rate limit applies to all others.
  [[nodiscard]] bool accepts(strait::endpoint const& sender, std::string_view request);

  /// Logs that an answer was sent.
  void log_answer(strait::endpoint const& sender);
  /// Logs that an answer could not be sent.
  void log_failure(strait::error const& failure);

 private:
  using clock = std::chrono::steady_clock;
  enum class verdict { answer, from_server, is_answer, too_often, no_room };

  [[nodiscard]] verdict check(strait::endpoint const& sender, std::string_view request, clock::time_point now);
  [[nodiscard]] std::string reason(verdict result) const;

  time_server_options const& options_;
  std::mutex mutex_;  // guards the members below
  std::optional<rate_limiter> limiter_;
  log_throttle ignored_log_;
  log_throttle failure_log_;
};
