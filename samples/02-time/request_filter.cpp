#include "request_filter.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "time_format.hpp"

namespace {

// A flood of datagrams must not become a flood of log lines.
constexpr std::chrono::seconds log_interval{10};

// RFC 6335, section 6: system ports. Some services there answer every datagram: echo (7), daytime (13), quote of the
// day (17), chargen (19), time (37), DNS (53).
constexpr std::uint16_t highest_well_known_port = 1023;

void log(std::string line) { std::fputs((line += '\n').c_str(), stderr); }

/// Returns "", or " (and 23 more since the last such line)".
std::string suppressed_text(std::uint64_t unlogged) {
  return unlogged == 0 ? "" : fmt::format(" (and {} more since the last such line)", unlogged);
}

}  // namespace

request_filter::request_filter(time_server_options const& options)
    : options_(options), ignored_log_(log_interval), failure_log_(log_interval) {
  if (options.rate_limit > 0) limiter_.emplace(options.rate_limit, options.max_connections);
}

bool request_filter::accepts(strait::endpoint const& sender, std::string_view request) {
  auto const now = clock::now();
  std::unique_lock lock(mutex_);
  auto const result = check(sender, request, now);
  if (result == verdict::answer) return true;
  auto const unlogged = ignored_log_.record(now);
  lock.unlock();
  if (unlogged && !options_.quiet)
    log(fmt::format("ignored a datagram from {}: {}{}", sender, reason(result), suppressed_text(*unlogged)));
  return false;
}

request_filter::verdict request_filter::check(strait::endpoint const& sender, std::string_view request,
                                              clock::time_point now) {
  if (sender.port() != 0 && sender.port() <= highest_well_known_port) return verdict::from_server;
  if (is_time(request)) return verdict::is_answer;
  if (!limiter_) return verdict::answer;
  switch (limiter_->check(network_of(sender), now)) {
    case rate_limiter::verdict::answer: return verdict::answer;
    case rate_limiter::verdict::too_often: return verdict::too_often;
    case rate_limiter::verdict::no_room: break;
  }
  return verdict::no_room;
}

std::string request_filter::reason(verdict result) const {
  switch (result) {
    case verdict::from_server: return "its port belongs to a system service (1 to 1023)";
    case verdict::is_answer: return "it is an answer of another time server";
    case verdict::too_often: return fmt::format("more than {} per second (--rate-limit)", options_.rate_limit);
    default: return fmt::format("{} other sources are active (--max-connections)", options_.max_connections);
  }
}

void request_filter::log_answer(strait::endpoint const& sender) {
  if (!options_.quiet) log(fmt::format("answered {}", sender));
}

void request_filter::log_failure(strait::error const& failure) {
  std::unique_lock lock(mutex_);
  auto const unlogged = failure_log_.record(clock::now());
  lock.unlock();
  if (unlogged && !options_.quiet) log(failure.what() + suppressed_text(*unlogged));
}
