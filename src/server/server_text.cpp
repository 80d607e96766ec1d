// The texts of peers, events and statistics.
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "server/count_list.hpp"
#include "strait/base/error.hpp"
#include "strait/server/peer.hpp"
#include "strait/server/serve_options.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait {
namespace {

double seconds(std::chrono::nanoseconds duration) noexcept { return std::chrono::duration<double>(duration).count(); }

std::string traffic(server_event const& of) {
  return fmt::format("after {:.3g} s, {} bytes received, {} sent", seconds(of.duration), of.bytes_received,
                     of.bytes_sent);
}

}  // namespace

std::string peer::to_string() const {
  if (ip()) return ip()->to_string();
  auto const& process = *credentials();
  if (process.pid) return fmt::format("process {} of user {}", *process.pid, process.uid);
  return fmt::format("a process of user {}", process.uid);
}

std::string server_event::to_string() const {
  switch (type) {
    case kind::accepted: return fmt::format("{} connected", *peer);
    case kind::rejected: return fmt::format("{} rejected: {}", *peer, reason);
    case kind::served: return fmt::format("{} ended {}", *peer, traffic(*this));
    case kind::failed: return fmt::format("{} failed {}: {}", *peer, traffic(*this), describe(failure));
    case kind::timed_out: return fmt::format("{} timed out {}: {}", *peer, traffic(*this), describe(failure));
    case kind::aborted: return fmt::format("{} aborted {}", *peer, traffic(*this));
    case kind::draining: return fmt::format("draining: {} connections", connections);
    case kind::drained: return fmt::format("drained after {:.3g} s", seconds(duration));
  }
  return {};
}

server_statistics& server_statistics::operator+=(server_statistics const& other) noexcept {
  accepted += other.accepted;
  rejected += other.rejected;
  active += other.active;
  served += other.served;
  failed += other.failed;
  timed_out += other.timed_out;
  aborted += other.aborted;
  drained += other.drained;
  accept_back_offs += other.accept_back_offs;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  return *this;
}

std::string server_statistics::to_string() const {
  detail::count_list list(fmt::format("{} accepted", accepted));
  list.add(active, "active");
  list.add(served, "served");
  list.add(rejected, "rejected");
  list.add(failed, "failed");
  list.add(timed_out, "timed out");
  list.add(aborted, "aborted");
  list.next_kind();
  list.add(drained, "ended while draining");
  list.add(accept_back_offs, "accept back-offs");
  return std::move(list).with_bytes(bytes_received, bytes_sent);
}

}  // namespace strait

auto fmt::formatter<strait::peer>::format(strait::peer const& what, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(what.to_string(), context);
}

auto fmt::formatter<strait::server_event>::format(strait::server_event const& what, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(what.to_string(), context);
}

auto fmt::formatter<strait::server_statistics>::format(strait::server_statistics const& what,
                                                       fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(what.to_string(), context);
}
