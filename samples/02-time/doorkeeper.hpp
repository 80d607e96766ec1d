// doorkeeper: who gets an answer, and what the log says about it.
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

/// One for all threads, which may call it at the same time.
class doorkeeper {
 public:
  /// Refers to `options`.
  explicit doorkeeper(time_server_options const& options);

  /// In bytes: as much of a question as is needed to see that it is no answer of another server.
  static constexpr std::size_t longest_question = 64;

  /// Whether `sender` is to get an answer to `question`, of which no more than `longest_question` bytes are needed. No
  /// answer goes to a server, which would answer in its turn: what comes from a well-known port (1 to 1023), or is a
  /// time itself, is no question. Beyond that, the rate limit decides.
  [[nodiscard]] bool admits(strait::endpoint const& sender, std::string_view question);

  /// An answer has been sent.
  void answered(strait::endpoint const& sender);
  /// An answer could not be sent.
  void failed(strait::error const& why);

 private:
  using clock = std::chrono::steady_clock;
  enum class verdict { answer, from_server, is_answer, too_often, no_room };

  [[nodiscard]] verdict judge(strait::endpoint const& sender, std::string_view question, clock::time_point now);
  [[nodiscard]] std::string reason(verdict against) const;

  time_server_options const& options_;
  std::mutex mutex_;  // for all below
  std::optional<rate_limiter> limiter_;
  log_throttle refusals_;
  log_throttle failures_;
};
