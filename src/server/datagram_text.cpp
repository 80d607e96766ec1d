// The texts of handler failures and of the statistics of datagram servers.
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "server/count_list.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task_group.hpp"
#include "strait/server/datagram_statistics.hpp"
#include "strait/server/detail/datagram_service.hpp"

namespace strait {

template <class Endpoint>
void detail::report(basic_datagram_serve_options<Endpoint> const& options, basic_datagram_request<Endpoint> const& of,
                    std::exception_ptr failure) noexcept {
  try {
    if (options.on_error) {
      options.on_error(of, std::move(failure));
    } else {
      detail::print_line(fmt::format("{}: {}", of.from(), describe(failure)));
    }
  } catch (...) {
    print_failure(std::current_exception());
  }
}
template void detail::report(udp::serve_options const&, udp::request const&, std::exception_ptr) noexcept;
template void detail::report(local::serve_options const&, local::request const&, std::exception_ptr) noexcept;

datagram_statistics& datagram_statistics::operator+=(datagram_statistics const& other) noexcept {
  received += other.received;
  rejected += other.rejected;
  active += other.active;
  served += other.served;
  failed += other.failed;
  timed_out += other.timed_out;
  aborted += other.aborted;
  truncated += other.truncated;
  receive_errors += other.receive_errors;
  replies += other.replies;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  return *this;
}

std::string datagram_statistics::to_string() const {
  detail::count_list list(fmt::format("{} received", received));
  list.add(active, "active");
  list.add(served, "served");
  list.add(rejected, "rejected");
  list.add(failed, "failed");
  list.add(timed_out, "timed out");
  list.add(aborted, "aborted");
  list.next_kind();
  list.add(truncated, "truncated");
  list.add(receive_errors, "receive errors");
  list.add(replies, "replies");
  return std::move(list).with_bytes(bytes_received, bytes_sent);
}

}  // namespace strait

auto fmt::formatter<strait::datagram_statistics>::format(strait::datagram_statistics const& what,
                                                         fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<fmt::string_view>::format(what.to_string(), context);
}
