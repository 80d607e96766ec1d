// Accepting from a local::listener, and local::connect.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Connects and returns the peer's endpoint; throws if the connect fails.
template <class To>
local::endpoint connected_to(To to, local::connect_options options = {}) {
  return complete([&]() -> task<local::endpoint> {
    auto const stream = co_await local::connect(to, options);
    co_return stream.remote_endpoint();
  });
}

/// Cancels after all tasks that started before have begun to wait.
task<> cancel_soon(cancel_scope& scope) {
  for (int i = 0; i != 4; ++i) co_await yield();
  scope.cancel();
}

/// A listener whose backlog is full.
class full_listener {
 public:
  explicit full_listener(local::endpoint const& at)
      : listener(local::listen(at, {.backlog = 0})), filler_(std::in_place, at) {}
  /// Accepts all connections that filled the backlog.
  task<> make_room() {
    for (auto left = filler_->count(); left != 0; --left) static_cast<void>(co_await listener.accept());
  }
  local::listener listener;

 private:
  std::optional<backlog_filler> filler_;
};

}  // namespace

TEST_CASE("a local listener accepts in the order in which clients connected") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  auto const first = raw_bound(SOCK_STREAM, directory.at("first"));
  auto const second = raw_bound(SOCK_STREAM, directory.at("second"));
  REQUIRE(connect_raw(first, directory.at("s")) == 0);
  REQUIRE(connect_raw(second, directory.at("s")) == 0);
  complete([&]() -> task<> {
    auto const one = co_await listener.accept();
    auto const two = co_await listener.accept();
    CHECK(one.remote_endpoint() == directory.at("first"));
    CHECK(two.remote_endpoint() == directory.at("second"));
  });
}

TEST_CASE("a local listener accepts many clients and all of them are served") {
  constexpr int clients = 200;
  auto const at = abstract_name();
  auto listener = local::listen(at);
  int served = 0;
  auto serve = [&](local::stream client) -> task<> {
    std::string text(3, '\0');
    co_await client.read_exactly(text);
    co_await client.write(text);
  };
  auto ask = [&](int number) -> task<> {
    auto stream = co_await local::connect(at);
    auto const text = fmt::format("{:03}", number);
    co_await stream.write(text);
    std::string answer(3, '\0');
    co_await stream.read_exactly(answer);
    if (answer == text) ++served;
  };
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i != clients; ++i) group.spawn(ask, i);
      for (int i = 0; i != clients; ++i) {
        auto client = co_await listener.accept();
        group.spawn(serve, std::move(client));
      }
    };
    co_await with_task_group(body);
  });
  CHECK(served == clients);
}

TEST_CASE("a canceled local accept ends and the listener can accept again") {
  auto const at = abstract_name();
  auto listener = local::listen(at);
  complete([&]() -> task<> {
    cancel_scope scope;
    auto const [none, done] = co_await when_all(scope.run(listener.accept()), cancel_soon(scope));
    CHECK_FALSE(none);
  });
  CHECK(works(listener, at));
}

TEST_CASE("a local connection that arrives together with a cancel is not lost") {
  auto const at = abstract_name();
  auto listener = local::listen(at);
  complete([&]() -> task<> {
    cancel_scope scope;
    std::optional<raw_socket> client;
    auto connect_and_cancel = [&]() -> task<> {
      client.emplace(raw_connect(at));
      scope.cancel();  // before the loop has been notified of the connection
      co_return;
    };
    auto const [accepted, done] = co_await when_all(scope.run(listener.accept()), connect_and_cancel());
    CHECK(accepted);
  });
}

TEST_CASE("a local accept ends when its listener is closed") {
  auto listener = local::listen(abstract_name());
  complete([&]() -> task<> {
    auto close = [&]() -> task<> {
      co_await yield();
      listener.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(listener.accept()), close());
    CHECK(outcome.error() == errc::closed);
    CHECK(outcome.message() == "accept: closed on this side");
    auto const later = co_await as_result(listener.accept());
    CHECK(later.error() == errc::closed);
  });
}

TEST_CASE("without descriptors, a local accept backs off and continues") {
  auto const at = abstract_name();
  auto listener = local::listen(at);
  auto const client = raw_connect(at);
  client.send("x");
  failing const accept(system_call::accept, EMFILE, 4);
  complete([&]() -> task<> {
    auto const begun = clock::now();
    auto accepted = co_await listener.accept();
    CHECK(clock::now() - begun >= 75ms);  // 5 + 10 + 20 + 40
    CHECK(listener.back_offs() == 4);
    char byte[1];
    auto const n = co_await accepted.read(byte);
    CHECK(n == 1);
  });
}

TEST_CASE("a local connect accepts an endpoint, a path, or an abstract name after an at sign") {
  temporary_directory const directory;
  auto const at_path = local::listen(directory.at("s"));
  CHECK(connected_to(directory.at("s")) == directory.at("s"));
  CHECK(connected_to(directory.file("s")) == directory.at("s"));
  auto const name = abstract_name();
  auto const at_name = local::listen(name);
  CHECK(connected_to(name) == name);
  CHECK(connected_to(name.to_string()) == name);
}

TEST_CASE("the text passed to a local connect need not live until the connect is awaited") {
  auto const at = abstract_name();
  auto const listener = local::listen(at);
  complete([&]() -> task<> {
    auto text = std::make_unique<std::string>(at.to_string());
    auto connect = local::connect(*text);
    text.reset();
    auto const stream = co_await std::move(connect);
    CHECK(stream.remote_endpoint() == at);
  });
}

TEST_CASE("a local connect to a missing file or to a file without a listener reports which") {
  temporary_directory const directory;
  leave_stale(directory.at("stale"));
  auto const at = abstract_name();
  auto const before = open_descriptors();
  CHECK_THROWS_WITH(connected_to(directory.file("s")),
                    "connect to " + directory.file("s") + ": no such file or directory");
  CHECK_THROWS_WITH(connected_to(directory.at("stale")),
                    "connect to " + directory.file("stale") + ": connection refused");
  CHECK_THROWS_WITH(connected_to(at), "connect to " + at.to_string() + ": connection refused");
  CHECK(open_descriptors() == before);
}

TEST_CASE("a local connect to something other than a stream listener fails at once") {
  temporary_directory const directory;
  auto const datagrams = raw_bound(SOCK_DGRAM, directory.at("s"));
  CHECK_THROWS_WITH(connected_to(directory.file("s")), ContainsSubstring("connect to " + directory.file("s") + ": "));
  CHECK_THROWS_WITH(connected_to(local::endpoint()), ContainsSubstring("connect to (unnamed): "));
  CHECK_THROWS_WITH(connected_to(""), "connect: bad local endpoint \"\": the path is empty");
}

TEST_CASE("a local connect waits for room in the backlog and succeeds after an accept") {
  temporary_directory const directory;
  full_listener full(directory.at("s"));
  // Zero means no limit, as for the other time limits.
  local::connect_options const options{.timeout = GENERATE(as<std::chrono::milliseconds>(), 30s, 0ms)};
  complete([&]() -> task<> {
    bool is_connected = false;
    auto connect = [&]() -> task<> {
      static_cast<void>(co_await local::connect(directory.at("s"), options));
      is_connected = true;
    };
    auto accept = [&]() -> task<> {
      co_await sleep_for(20ms);
      CHECK_FALSE(is_connected);
      co_await full.make_room();
      static_cast<void>(co_await full.listener.accept());
    };
    co_await when_all(connect(), accept());
    CHECK(is_connected);
  });
}

TEST_CASE("a local connect to a listener that never accepts times out and leaks nothing") {
  temporary_directory const directory;
  full_listener const full(directory.at("s"));
  auto const before = open_descriptors();
  auto const begun = clock::now();
  CHECK_THROWS_WITH(connected_to(directory.at("s"), {.timeout = 50ms}),
                    "connect to " + directory.file("s") + ": timed out");
  CHECK(clock::now() - begun >= 50ms);
  try {
    connected_to(directory.file("s"), {.timeout = 1ms});
    FAIL("nothing was thrown");
  } catch (timed_out const& e) {
    CHECK(e.code() == std::errc::timed_out);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a local connect that waits for room ends when the listener is closed") {
  temporary_directory const directory;
  full_listener full(directory.at("s"));
  complete([&]() -> task<> {
    auto close = [&]() -> task<> {
      for (int i = 0; i != 3; ++i) co_await yield();
      full.listener.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(local::connect(directory.at("s"))), close());
    CHECK(outcome.message() == "connect to " + directory.file("s") + ": no such file or directory");
  });
}

TEST_CASE("a local connect that waits for room can be canceled and leaks nothing") {
  temporary_directory const directory;
  full_listener full(directory.at("s"));
  auto const before = open_descriptors();
  complete([&]() -> task<> {
    cancel_scope scope;
    auto const [none, done] = co_await when_all(scope.run(local::connect(directory.at("s"))), cancel_soon(scope));
    CHECK_FALSE(none);
  });
  CHECK(open_descriptors() <= before);
}

TEST_CASE("a local connect in a canceled scope does not reach the listener") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  complete([&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const none = co_await scope.run(local::connect(directory.at("s")));
    CHECK_FALSE(none);
  });
  raw_socket const accepting(::dup(listener.native_handle()));
  CHECK_FALSE(accepting.is_readable(0ms));
}

TEST_CASE("many connects to a listener with a short backlog are all accepted") {
  constexpr int clients = 50;
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"), {.backlog = 1});
  int connected = 0;
  complete([&]() -> task<> {
    auto connect = [&]() -> task<> {
      static_cast<void>(co_await local::connect(directory.at("s")));
      ++connected;
    };
    auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i != clients; ++i) group.spawn(connect);
      for (int i = 0; i != clients; ++i) static_cast<void>(co_await listener.accept());
    };
    co_await with_task_group(body);
  });
  CHECK(connected == clients);
}
