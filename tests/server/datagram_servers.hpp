// What tests of datagram servers need: a server beside its clients, and handlers.
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

/// Sends `question` to `server` and gives what is answered.
inline task<std::string> ask(udp::socket& client, endpoint server, std::string question) {
  co_await client.sendto(question, server);
  auto const came = co_await receive(client);
  CHECK(came.from == server);
  co_return came.text;
}

/// Gives others turns until `condition()` holds.
template <class Condition>
task<> until(Condition condition) {
  while (!condition()) co_await yield();
}

/// Serves `socket` with `handler` while `clients` run, and cancels it then. Gives the server's statistics.
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

/// How many of them have come to an end.
inline std::uint64_t ended(datagram_statistics const& of) {
  return of.rejected + of.served + of.failed + of.timed_out + of.aborted;
}

}  // namespace strait::test
