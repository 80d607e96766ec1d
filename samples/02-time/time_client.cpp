// time_client: asks a time server what time it is, and prints the answer.
#include <strait/strait.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "text/escaped.hpp"
#include "time_client_options.hpp"

using namespace strait;

namespace {

constexpr std::size_t longest_datagram = 65535;

/// Sends the question and receives the answer. A refusal is noted, and the wait goes on: it may well be that the server
/// is just being started again.
task<std::string> exchange(udp::socket& server, bool& was_refused) {
  std::string answer(longest_datagram, '\0');
  bool is_sent = false;
  for (;;) {
    try {
      if (!is_sent) co_await server.send("hello");
      is_sent = true;
      answer.resize((co_await server.recv(answer)).size);
      co_return answer;
    } catch (error const& e) {
      if (e.code() != std::errc::connection_refused) throw;
      was_refused = true;  // what was sent then is lost, and if this came from `send`, it has not sent anything now
    }
  }
}

/// One question and its answer. Each has a socket of its own, so that no late answer to another one can reach it.
task<std::string> ask(time_client_options const& options) {
  auto server = co_await udp::connect(options.host, options.port);
  bool was_refused = false;
  for (unsigned i = 0; i < options.tries; ++i) {
    try {
      co_return co_await timeout(options.timeout, exchange(server, was_refused));
    } catch (timed_out const&) {}
  }
  throw std::runtime_error(fmt::format("no answer from {} in {} {} of {} s{}", server.remote_endpoint(), options.tries,
                                       options.tries == 1 ? "try" : "tries",
                                       std::chrono::duration<double>(options.timeout).count(),
                                       was_refused ? ": connection refused" : ""));
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
