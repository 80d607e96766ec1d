// resolve: the lookup of names.
#include <strait/net/resolve.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <list>
#include <string>
#include <vector>

#include <malloc.h>
#include <netdb.h>
#include <sys/resource.h>
#include <unistd.h>

#include "allocation_counter.hpp"
#include "catch.hpp"
#include "core/program.hpp"
#include "core/waiting.hpp"
#include "slow_resolver.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<endpoint> look_up(std::string host_and_port) {
  return complete([&] { return resolve(host_and_port); });
}

/// Starts `count` lookups as tasks of `group`, and returns when threads have started `begun` of them.
task<> start_lookups(task_group& group, std::size_t count, std::size_t begun) {
  for (std::size_t i = 0; i != count; ++i)
    group.spawn([]() -> task<> { static_cast<void>(co_await resolve("localhost:80")); });
  while (slow_resolver::begun() < begun) co_await sleep_for(1ms);
}

}  // namespace

TEST_CASE("localhost has a loopback address") {
  auto const found = look_up("localhost:80");
  CHECK(std::any_of(found.begin(), found.end(), [](endpoint const& each) {
    return each == endpoint::loopback_v4(80) || each == endpoint::loopback_v6(80);
  }));
}

TEST_CASE("a numeric address is resolved to itself") {
  CHECK(look_up("192.0.2.7:65535") == std::vector{endpoint::parse("192.0.2.7:65535")});
  CHECK(look_up("[2001:db8::1]:0") == std::vector{endpoint::parse("[2001:db8::1]:0")});
}

TEST_CASE("a service can be given by name") {
  if (::getservbyname("http", "tcp") == nullptr) {
    WARN("not tested: there is no /etc/services (on Debian, install netbase)");
    return;
  }
  auto const found = complete([]() -> task<std::vector<endpoint>> { return resolve("127.0.0.1", "http"); });
  CHECK(found == std::vector{endpoint::loopback_v4(80)});
}

TEST_CASE("an unknown host is reported by name") {
  CHECK_THROWS_WITH(look_up("no-such-host.invalid:80"), ContainsSubstring("resolve no-such-host.invalid:80: "));
}

TEST_CASE("an unknown service is reported by name") {
  CHECK_THROWS_WITH(look_up("127.0.0.1:no-such-service"), "resolve 127.0.0.1:no-such-service: unknown service");
}

TEST_CASE("a port above 65535 is refused and not truncated to 16 bits") {
  CHECK_THROWS_AS(look_up("127.0.0.1:65536"), error);
  CHECK_THROWS_AS(look_up("127.0.0.1:4294967376"), error);
  CHECK_THROWS_AS(look_up("127.0.0.1:-80"), error);
}

TEST_CASE("a cancel ends a lookup at once even if the resolver is busy", "[threads]") {
  slow_resolver const resolver;
  complete([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      co_await start_lookups(group, 1, 1);
      group.cancel();
    });
  });
}

TEST_CASE("lookups wait for a free thread", "[threads]") {
  slow_resolver resolver;
  complete([&]() -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      co_await start_lookups(group, max_concurrent_lookups + 5, max_concurrent_lookups);
      co_await sleep_for(20ms);
      CHECK(resolver.begun() == max_concurrent_lookups);
      resolver.release();
    });
  });
  CHECK(resolver.begun() == max_concurrent_lookups + 5);
}

TEST_CASE("a lookup that is canceled before a thread has started it is not made", "[threads]") {
  slow_resolver resolver;
  complete([&]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      co_await start_lookups(group, max_concurrent_lookups + 100, max_concurrent_lookups);
      group.cancel();
    });
    resolver.release();
    static_cast<void>(co_await resolve("localhost:80"));
  });
  CHECK(resolver.begun() == max_concurrent_lookups + 1);
}

TEST_CASE("a lookup that is dropped before a thread has started it is not made", "[threads]") {
  slow_resolver resolver;
  {
    event_loop loop;
    std::list<test::background_task<void>> dropped;
    auto const look_up_name = []() -> task<> { static_cast<void>(co_await resolve("localhost:80")); };
    for (unsigned i = 0; i != max_concurrent_lookups + 10; ++i) dropped.emplace_back(loop, look_up_name());
    loop.run([&]() -> task<> {
      while (resolver.begun() < max_concurrent_lookups) co_await sleep_for(1ms);
    });
  }
  resolver.release();
  CHECK(look_up("localhost:80").size() >= 1);
  CHECK(resolver.begun() == max_concurrent_lookups + 1);
}

TEST_CASE("a name server that does not answer delays neither files nor blocking calls", "[threads]") {
  slow_resolver const resolver;
  complete([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      co_await start_lookups(group, 2 * max_concurrent_lookups, max_concurrent_lookups);
      CHECK(co_await on_thread_pool([] { return 7; }) == 7);
      auto const self = co_await open_file("/proc/self/exe");
      CHECK(self.is_open());
      group.cancel();
    });
  });
}

TEST_CASE("blocking calls that occupy all of their threads do not delay a lookup", "[threads]") {
  complete([]() -> task<> {
    co_await with_task_group([](task_group& group) -> task<> {
      std::promise<void> gate;
      std::shared_future<void> const opened = gate.get_future();
      for (unsigned i = 0; i != thread_pool_size; ++i)
        group.spawn([opened]() -> task<> { co_await on_thread_pool([&] { opened.wait(); }); });
      co_await yield();
      auto const found = co_await resolve("localhost:80");
      CHECK_FALSE(found.empty());
      gate.set_value();
    });
  });
}

TEST_CASE("when max_queued_lookups are waiting, a further lookup fails with an error that reports it", "[threads]") {
  slow_resolver const resolver;
  complete(
      []() -> task<> {
        co_await with_task_group([](task_group& group) -> task<> {
          co_await start_lookups(group, max_concurrent_lookups, max_concurrent_lookups);
          co_await start_lookups(group, max_queued_lookups, max_concurrent_lookups);
          co_await yield();
          std::string message;
          std::error_code code;
          try {
            static_cast<void>(co_await resolve("localhost:80"));
          } catch (error const& e) {
            message = e.what();
            code = e.code();
          }
          CHECK(code == std::errc::resource_unavailable_try_again);
          CHECK(message == "resolve localhost:80: 65536 lookups are already waiting");
          group.cancel();
        });
      },
      60s);
}

#if STRAIT_TESTS_COUNT_ALLOCATIONS

TEST_CASE("program without memory for a thread that looks up", "[.]") {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  auto const memory = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 1'024 * 1'024;
  ::rlimit const limit{memory, memory};
  ::setrlimit(RLIMIT_AS, &limit);
  run([]() -> task<> {
    std::size_t kept = 0;
    for (int i = 0; i != 100; ++i) {
      if (i == 50) kept = ::mallinfo2().uordblks;
      try {
        static_cast<void>(co_await resolve("localhost:80"));
        test::exit_with(1);
      } catch (error const&) {}
    }
    test::exit_with(::mallinfo2().uordblks > kept ? 2 : 0);
  });
}
TEST_CASE("a lookup for which no thread can be started fails and leaks no memory") {
  test::program starved("program without memory for a thread that looks up");
  CHECK(starved.status() == 0);
}

#endif

TEST_CASE("a lookup that is no longer awaited may outlive its loop") {
  for (int i = 0; i != 10; ++i)
    complete([]() -> task<> {
      auto const outcome = co_await when_any(resolve("localhost:80"), yield());
      static_cast<void>(outcome);
    });
  CHECK(look_up("127.0.0.1:1").size() == 1);  // the pool still works
}

TEST_CASE("a lookup in a canceled scope does not start") {
  complete([]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const outcome = co_await scope.run(resolve("localhost:80"));
    CHECK_FALSE(outcome);
  });
}
