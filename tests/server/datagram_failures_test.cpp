// Failures while datagrams are served, and that they do not affect other datagrams.
#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "core/program.hpp"
#include "datagram_servers.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

struct failure {
  std::string what;
  std::string text;
  endpoint from;
};

/// A hook that records failures in `into`.
auto note_failures(std::vector<failure>& into) {
  return [&into](udp::request const& of, std::exception_ptr why) {
    into.push_back({describe(why), std::string(of.text()), of.from()});
  };
}

/// Fails in the way that the request names, at once or after it has waited.
task<> fail_as_told(udp::request& question) {
  if (question.text().starts_with("later ")) co_await turns(3);
  if (question.text().ends_with("exception")) throw std::runtime_error("a failure");
  if (question.text().ends_with("memory")) throw std::bad_alloc();
  if (question.text().ends_with("number")) throw 42;
  if (question.text().ends_with("canceled")) throw canceled();
  if (question.text().ends_with("time")) throw timed_out("a wait of its own");
  co_await question.reply(question.bytes());
}

}  // namespace

TEST_CASE("faults 40, 41: an exception in a handler is reported and does not affect other datagrams") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  std::vector<failure> failures;
  auto const statistics =
      serve_while(std::move(server), fail_as_told,
                  [&]() -> task<> {
                    for (std::string const when : {"", "later "})
                      for (auto const* what : {"exception", "memory", "number", "canceled", "time"}) {
                        co_await client.sendto(when + what, where);
                        auto const answer = co_await ask(client, where, "fine");
                        CHECK(answer == "fine");
                      }
                    co_await until([&] { return failures.size() == 10; });
                  },
                  {.on_error = note_failures(failures)});
  CHECK(statistics.failed == 8);
  CHECK(statistics.timed_out == 2);
  CHECK(statistics.served == 10);
  CHECK(failures.front().what == "a failure");
  CHECK(failures.front().text == "exception");
  CHECK(failures.front().from == client.local_endpoint());
}

TEST_CASE("fault 40: a handler that throws before it returns a task does not affect other datagrams") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  std::vector<failure> failures;
  auto handler = [](udp::request& question) {
    if (question.text() == "!") throw std::runtime_error("no task");
    return echo(question);
  };
  serve_while(std::move(server), handler,
              [&]() -> task<> {
                co_await client.sendto("!", where);
                auto const answer = co_await ask(client, where, "fine");
                CHECK(answer == "fine");
              },
              {.on_error = note_failures(failures)});
  REQUIRE(failures.size() == 1);
  CHECK(failures.front().what == "no task");
}

TEST_CASE("a hook of a datagram server that throws does no harm") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  serve_while(std::move(server), fail_as_told,
              [&]() -> task<> {
                co_await client.sendto("exception", where);
                auto const answer = co_await ask(client, where, "fine");
                CHECK(answer == "fine");
              },
              {.on_error = [](udp::request const&, std::exception_ptr) { throw std::runtime_error("the hook's own"); },
               .on_drain = [] { throw std::runtime_error("the other hook's own"); }});
}

TEST_CASE("a reply that cannot be sent is a failure of its handler, and does not affect other datagrams") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  std::vector<failure> failures;
  auto handler = [](udp::request& question) -> task<> {
    std::string const much(question.text() == "much" ? 70'000 : 1, 'x');
    co_await question.reply(much);
  };
  auto const statistics = serve_while(std::move(server), handler,
                                      [&]() -> task<> {
                                        co_await client.sendto("much", where);
                                        auto const answer = co_await ask(client, where, "little");
                                        CHECK(answer == "x");
                                      },
                                      {.on_error = note_failures(failures)});
  REQUIRE(failures.size() == 1);
  CHECK(failures.front().what == "sendto " + client.local_endpoint().to_string() + ": message too long");
  CHECK(statistics.failed == 1);
  CHECK(statistics.replies == 1);
}

TEST_CASE("fault 37: a client that has closed before its answer arrives does not affect others") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  serve_while(std::move(server), echo, [&]() -> task<> {
    for (int i = 0; i != 20; ++i) {
      raw_send(raw_datagram_socket(), "gone", where);
      auto const answer = co_await ask(client, where, "here");
      CHECK(answer == "here");
    }
  });
}

TEST_CASE("fault 37: a server on a connected socket counts ICMP refusals and continues") {
  auto server = bound_socket();
  auto peer = bound_socket();
  auto const where = server.local_endpoint();
  auto const there = peer.local_endpoint();
  server.connect(there);
  auto handler = [](udp::request& question) -> task<> {
    for (int i = 0; i != 3; ++i) {
      auto const sent = co_await as_result(question.reply("is anyone there?"));
      static_cast<void>(sent);
      co_await turns(3);
    }
  };
  udp::server one;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await peer.sendto("I am leaving", where);
      peer.close();
      co_await until([&] { return one.statistics().receive_errors != 0; });
      auto again = udp::bind(there);
      co_await again.sendto("I am back", where);
      co_await until([&] { return one.statistics().received == 2; });
      one.stop();
    };
    co_await when_all(one.serve(std::move(server), handler), clients());
  });
  CHECK(one.statistics().served == 2);
}

TEST_CASE("a handler that exceeds its time limit is canceled and reported, and its worker continues") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  std::vector<failure> failures;
  trace events;
  auto handler = [&](udp::request& question) -> task<> {
    if (question.text() == "wait") co_await note_cancel(events, "handler");
    co_await turns(3);
    co_await question.reply(question.bytes());
  };
  auto const statistics =
      serve_while(std::move(server), handler,
                  [&]() -> task<> {
                    for (int i = 0; i != 3; ++i) {
                      co_await client.sendto("wait", where);
                      auto const answer = co_await ask(client, where, "fine");
                      CHECK(answer == "fine");
                    }
                  },
                  {.max_handlers = 1, .handler_timeout = 10ms, .on_error = note_failures(failures)});
  CHECK(events == trace(3, "handler canceled"));
  REQUIRE(failures.size() == 3);
  CHECK_THAT(failures.front().what, ContainsSubstring("serve a datagram within 0.01 s"));
  CHECK(statistics.timed_out == 3);
  CHECK(statistics.served == 3);
}

TEST_CASE("a server whose socket is closed fails with an error that reports it") {
  CHECK(message_of([] { complete([]() -> task<> { co_await serve(udp::socket(), echo); }); }) ==
        "recvfrom: " + std::string(message_of([] { throw std::system_error(make_error_code(errc::closed)); })));
}

TEST_CASE("a server on a socket with receive_offload fails with an error that names the option") {
  CHECK_THAT(message_of([] { complete([]() -> task<> { co_await serve(udp::bind("127.0.0.1:0", offload), echo); }); }),
             ContainsSubstring("receive_offload"));
}

TEST_CASE("fault 45: a datagram server can be dropped while handlers wait") {
  for (int count = 1; count != 40; ++count) {
    int alive = 0;
    int begun = 0;
    auto const before = open_descriptors();
    {
      udp::server all;
      event_loop loop;
      auto socket = bound_socket();
      auto const where = socket.local_endpoint();
      auto handler = [&](udp::request&) -> task<> {
        counted const frame(alive);
        ++begun;
        co_await forever();
      };
      background_task<datagram_statistics> dropped(loop, all.serve(std::move(socket), handler));
      loop.run([&]() -> task<> {
        auto client = bound_socket();
        for (int i = 0; i != 3; ++i) co_await client.sendto("x", where);
        co_await turns(count);
        all.stop();
      });
    }
    CHECK(alive == 0);
    CHECK(open_descriptors() == before);
    if (count == 39) CHECK(begun == 3);
  }
}

TEST_CASE("datagram server whose standard error has no reader", "[.]") {
  int ends[2];
  if (::pipe(ends) != 0) exit_with(100);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[0]);
  ::close(ends[1]);
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto const statistics = serve_while(std::move(server), fail_as_told, [&]() -> task<> {
    for (std::string_view const each : {"an exception", "a number", "an answer"}) co_await client.sendto(each, where);
    char answer[100];
    static_cast<void>(co_await client.recvfrom(answer));
  });
  exit_with(static_cast<int>(statistics.failed));
}
TEST_CASE("reporting a failed datagram to a standard error without a reader does not end the server") {
  program server("datagram server whose standard error has no reader");
  CHECK(server.status() == 2);
}
