#include "doorkeeper.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace {

// A flood of datagrams is not to become a flood of lines.
constexpr std::chrono::seconds between_lines{10};

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

bool doorkeeper::admits(strait::endpoint const& sender) {
  if (!limiter_) return true;
  auto const now = clock::now();
  std::unique_lock lock(mutex_);
  auto const verdict = limiter_->ask(network_of(sender), now);
  if (verdict == rate_limiter::verdict::answer) return true;
  auto const unlogged = refusals_.note(now);
  lock.unlock();

  if (unlogged && !options_.quiet) {
    auto const reason = verdict == rate_limiter::verdict::too_often
                            ? fmt::format("more than {} a second", options_.rate_limit)
                            : fmt::format("{} others ask at the same time", options_.max_connections);
    log(fmt::format("no answer to {}: {}{}", sender, reason, and_more(*unlogged)));
  }
  return false;
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
