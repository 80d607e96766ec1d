#include "doorkeeper.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "time_format.hpp"

namespace {

// A flood of datagrams is not to become a flood of lines.
constexpr std::chrono::seconds between_lines{10};

// RFC 6335, section 6: system ports. Some of their services answer whatever they are sent: echo (7), daytime (13),
// quote of the day (17), chargen (19), time (37), DNS (53).
constexpr std::uint16_t highest_well_known_port = 1023;

void log(std::string line) { std::fputs((line += '\n').c_str(), stderr); }

/// "", or " (and 23 more since the last such line)".
std::string and_more(std::uint64_t unlogged) {
  return unlogged == 0 ? "" : fmt::format(" (and {} more since the last such line)", unlogged);
}

}  // namespace

doorkeeper::doorkeeper(time_server_options const& options)
    : options_(options), refusals_(between_lines), failures_(between_lines) {
  if (options.rate_limit > 0) limiter_.emplace(options.rate_limit, options.max_connections);
}

bool doorkeeper::admits(strait::endpoint const& sender, std::string_view question) {
  auto const now = clock::now();
  std::unique_lock lock(mutex_);
  auto const found = judge(sender, question, now);
  if (found == verdict::answer) return true;
  auto const unlogged = refusals_.note(now);
  lock.unlock();
  if (unlogged && !options_.quiet)
    log(fmt::format("no answer to {}: {}{}", sender, reason(found), and_more(*unlogged)));
  return false;
}

doorkeeper::verdict doorkeeper::judge(strait::endpoint const& sender, std::string_view question,
                                      clock::time_point now) {
  if (sender.port() != 0 && sender.port() <= highest_well_known_port) return verdict::from_server;
  if (is_time(question)) return verdict::is_answer;
  if (!limiter_) return verdict::answer;
  switch (limiter_->ask(network_of(sender), now)) {
    case rate_limiter::verdict::answer: return verdict::answer;
    case rate_limiter::verdict::too_often: return verdict::too_often;
    case rate_limiter::verdict::no_room: break;
  }
  return verdict::no_room;
}

std::string doorkeeper::reason(verdict against) const {
  switch (against) {
    case verdict::from_server: return "its port is that of a server";
    case verdict::is_answer: return "it is the answer of a time server";
    case verdict::too_often: return fmt::format("more than {} a second", options_.rate_limit);
    default: return fmt::format("{} others ask at the same time", options_.max_connections);
  }
}

void doorkeeper::answered(strait::endpoint const& sender) {
  if (!options_.quiet) log(fmt::format("answered {}", sender));
}

void doorkeeper::failed(strait::error const& why) {
  std::unique_lock lock(mutex_);
  auto const unlogged = failures_.note(clock::now());
  lock.unlock();
  if (unlogged && !options_.quiet) log(why.what() + and_more(*unlogged));
}
