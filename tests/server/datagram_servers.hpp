// For tests of datagram servers: a server that runs beside its clients, and handlers.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "net/datagrams.hpp"

namespace strait::test {

inline task<> echo(udp::request& question) { co_await question.reply(question.bytes()); }

/// Sends `question` to `server` and returns the answer.
inline task<std::string> ask(udp::socket& client, endpoint server, std::string question) {
  co_await client.sendto(question, server);
  auto const came = co_await receive(client);
  CHECK(came.from == server);
  co_return came.text;
}

/// Yields until `condition()` is true.
template <class Condition>
task<> until(Condition condition) {
  while (!condition()) co_await yield();
}

/// Serves `socket` with `handler` until `clients` has completed, then cancels the server. Returns its statistics.
template <class Handler, class Clients>
datagram_statistics serve_while(udp::socket socket, Handler handler, Clients clients, udp::serve_options options = {}) {
  options.drain = options.drain == std::chrono::seconds(5) ? 1h : options.drain;
  datagram_statistics result;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto serving = [&]() -> task<> { result = co_await serve(std::move(socket), handler, options); };
    auto served = [&]() -> task<> { co_await scope.run(serving()); };
    auto asking = [&]() -> task<> {
      co_await clients();
      scope.cancel();
    };
    co_await when_all(served(), asking());
  });
  return result;
}

/// The number of requests whose handling has ended.
inline std::uint64_t ended(datagram_statistics const& of) {
  return of.rejected + of.served + of.failed + of.timed_out + of.aborted;
}

}  // namespace strait::test
