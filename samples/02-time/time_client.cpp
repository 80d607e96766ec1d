// time_client: requests the time from a time server and prints the answer.
#include <strait/strait.hpp>

#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "text/escaped.hpp"
#include "time_client_options.hpp"

using namespace strait;

namespace {

constexpr std::size_t longest_datagram = 65535;

/// One of the addresses of the server's name.
struct server {
  explicit server(endpoint const& where) : address(where) {}

  endpoint address;
  std::optional<udp::socket> connection;  // empty if there is no route to the address
  std::string problem;                    // why there was no answer, if the kernel reported an error
};

/// Returns the error's description in lower case, as the library writes it: "connection refused".
std::string reason(error const& failure) {
  auto text = failure.code().message();
  text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  return text;
}

/// Opens a socket for each address, in the order in which to try them. Throws if none of them has a route.
task<std::vector<server>> connect_to_all(time_client_options const& options) {
  auto const port = std::to_string(options.port);
  auto const addresses = co_await resolve(options.host, port);
  std::vector<server> all;
  std::exception_ptr failure;
  bool is_connected = false;
  for (auto const& address : addresses) {
    auto& one = all.emplace_back(address);
    try {
      one.connection = co_await udp::connect(address);
      is_connected = true;
    } catch (error const& e) {
      one.problem = reason(e);
      failure = std::current_exception();
    }
  }
  if (!is_connected) std::rethrow_exception(failure);
  co_return all;
}

/// Sends the request and returns the answer. If the server's machine refuses the datagram, returns nothing at once so
/// that the next address can be tried; for the last address, keeps waiting instead, because the server may be
/// restarting.
task<std::optional<std::string>> exchange(server& with, bool is_last) {
  std::string answer(longest_datagram, '\0');
  bool is_sent = false;
  for (;;) {
    try {
      if (!is_sent) co_await with.connection->send("hello");
      is_sent = true;
      answer.resize((co_await with.connection->recv(answer)).size);
      co_return answer;
    } catch (error const& e) {
      with.problem = reason(e);
      if (e.code() != std::errc::connection_refused || !is_last) co_return std::nullopt;
      // A refused datagram is lost. If `send` reported the refusal of an earlier one, it has not sent this one.
    }
  }
}

/// Returns "[::1]:5000 (connection refused), 127.0.0.1:5000".
std::string list(std::vector<server> const& servers) {
  std::vector<std::string> texts;
  for (auto const& each : servers)
    texts.push_back(each.problem.empty() ? each.address.to_string()
                                         : fmt::format("{} ({})", each.address, each.problem));
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// Sends one request and returns its answer. Each request has its own sockets, so that a late answer to an earlier
/// request is never received. Every try sends to one address after the other until an answer arrives.
task<std::string> request_time(time_client_options const& options) {
  auto servers = co_await connect_to_all(options);
  server const* last = nullptr;
  for (auto const& each : servers)
    if (each.connection) last = &each;

  for (unsigned i = 0; i < options.tries; ++i) {
    for (auto& each : servers) {
      if (!each.connection) continue;
      try {
        auto answer = co_await timeout(options.timeout, exchange(each, &each == last));
        if (answer) co_return std::move(*answer);
      } catch (timed_out const&) {}
    }
  }
  throw std::runtime_error(fmt::format("no answer from {} after {} {} of {} s", list(servers), options.tries,
                                       options.tries == 1 ? "try" : "tries",
                                       std::chrono::duration<double>(options.timeout).count()));
}

task<> send_requests(time_client_options const& options) {
  for (unsigned i = 0; i < options.count; ++i) {
    auto const answer = co_await request_time(options);
    fmt::print("{}\n", samples::escaped(answer));
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = time_client_options::read(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // shows each answer at once, also in a pipe
  return run_main(send_requests(options));
}
