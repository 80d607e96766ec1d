// time_client: asks a time server what time it is, and prints the answer.
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

/// One of the addresses that the server's name has.
struct server {
  explicit server(endpoint const& at) : address(at) {}

  endpoint address;
  std::optional<udp::socket> connection;  // none, if there is no way to the address
  std::string problem;                    // why it has not answered, if the system has said so
};

/// "connection refused", as the library writes it.
std::string reason(error const& why) {
  auto text = why.code().message();
  text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  return text;
}

/// A socket for each address, in the order in which they are best tried. Throws if there is a way to none of them.
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

/// Sends the question and receives the answer. After a refusal, `is_last` says what comes next: if there is another
/// address to try, nothing is returned at once; if not, the wait goes on: it may well be that the server is just being
/// started again.
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
      // what was sent then is lost, and if this came from `send`, it has not sent anything now
    }
  }
}

/// "[::1]:5000 (connection refused), 127.0.0.1:5000"
std::string list(std::vector<server> const& servers) {
  std::vector<std::string> texts;
  for (auto const& each : servers)
    texts.push_back(each.problem.empty() ? each.address.to_string()
                                         : fmt::format("{} ({})", each.address, each.problem));
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// One question and its answer. Each has sockets of its own, so that no late answer to another one can reach it. Every
/// try asks at one address after the other, until there is an answer.
task<std::string> ask(time_client_options const& options) {
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
  throw std::runtime_error(fmt::format("no answer from {} in {} {} of {} s", list(servers), options.tries,
                                       options.tries == 1 ? "try" : "tries",
                                       std::chrono::duration<double>(options.timeout).count()));
}

task<> ask_all(time_client_options const& options) {
  for (unsigned i = 0; i < options.count; ++i) {
    auto const answer = co_await ask(options);
    fmt::print("{}\n", samples::escaped(answer));
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = time_client_options::read(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // each answer is shown as it comes, into a pipe as well
  return run_main(ask_all(options));
}
