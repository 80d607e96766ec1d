// resolve: names into endpoints.
#include <strait/net/resolve.hpp>

#include <algorithm>
#include <future>
#include <string>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<endpoint> look_up(std::string host_and_port) {
  return complete([&] { return resolve(host_and_port); });
}

/// Keeps all of the thread pool's threads busy, from the next turn on, until `gate` is opened or gone.
void fill_pool(task_group& group, std::promise<void>& gate) {
  std::shared_future<void> const opened = gate.get_future();
  for (unsigned i = 0; i != thread_pool_size; ++i)
    group.spawn([opened]() -> task<> { co_await on_thread_pool([&] { opened.wait(); }); });
}

}  // namespace

TEST_CASE("localhost has a loopback address") {
  auto const found = look_up("localhost:80");
  CHECK(std::any_of(found.begin(), found.end(), [](endpoint const& each) {
    return each == endpoint::loopback_v4(80) || each == endpoint::loopback_v6(80);
  }));
}

TEST_CASE("a numeric address is itself") {
  CHECK(look_up("192.0.2.7:65535") == std::vector{endpoint::parse("192.0.2.7:65535")});
  CHECK(look_up("[2001:db8::1]:0") == std::vector{endpoint::parse("[2001:db8::1]:0")});
}

TEST_CASE("a service may be named") {
  auto const found = complete([]() -> task<std::vector<endpoint>> { return resolve("127.0.0.1", "http"); });
  CHECK(found == std::vector{endpoint::loopback_v4(80)});
}

TEST_CASE("an unknown host is an error that names it") {
  CHECK_THROWS_WITH(look_up("no-such-host.invalid:80"), ContainsSubstring("resolve no-such-host.invalid:80: "));
}

TEST_CASE("an unknown service is an error that names it") {
  CHECK_THROWS_WITH(look_up("127.0.0.1:no-such-service"), "resolve 127.0.0.1:no-such-service: unknown service");
}

TEST_CASE("a name without port is refused") {
  auto const text = GENERATE(as<std::string>(), "", "localhost", ":80", "localhost:", "[::1]");
  CHECK_THROWS_WITH(look_up(text), ContainsSubstring("resolve \"" + text + "\": not of the form host:port"));
}

TEST_CASE("a port past 65535 is refused, not cut down to 16 bits") {
  CHECK_THROWS_AS(look_up("127.0.0.1:65536"), error);
  CHECK_THROWS_AS(look_up("127.0.0.1:4294967376"), error);
  CHECK_THROWS_AS(look_up("127.0.0.1:-80"), error);
}

TEST_CASE("a cancel ends a look-up at once, though the resolver is busy") {
  complete([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      std::promise<void> gate;
      fill_pool(group, gate);
      co_await yield();
      auto const outcome = co_await when_any(resolve("localhost:80"), yield());
      CHECK_FALSE(std::get<0>(outcome));
    });
  });
}

TEST_CASE("a look-up waits for a free thread and then succeeds") {
  complete([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      std::promise<void> gate;
      fill_pool(group, gate);
      co_await yield();
      group.spawn([&gate]() -> task<> {
        for (int i = 0; i != 5; ++i) co_await yield();
        gate.set_value();
      });
      auto const found = co_await resolve("127.0.0.1:80");
      CHECK(found.size() == 1);
    });
  });
}

TEST_CASE("a look-up that nobody waits for any more may outlive its loop") {
  for (int i = 0; i != 10; ++i)
    complete([]() -> task<> {
      auto const outcome = co_await when_any(resolve("localhost:80"), yield());
      static_cast<void>(outcome);
    });
  CHECK(look_up("127.0.0.1:1").size() == 1);  // the pool is well
}

TEST_CASE("a look-up in a canceled scope does not begin") {
  complete([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const outcome = co_await scope.run(resolve("localhost:80"));
    CHECK_FALSE(outcome);
  });
}
