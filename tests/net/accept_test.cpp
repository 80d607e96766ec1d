// listener.accept(): connections are accepted in order, and how an accept ends.
#include <stdexcept>

#include <fcntl.h>

#include "catch.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("accept returns connections in the order in which they arrived") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const first = raw_connect(listener.local_endpoint());
  auto const second = raw_connect(listener.local_endpoint());
  complete([&]() -> task<> {
    auto one = co_await listener.accept();
    auto two = co_await listener.accept();
    CHECK(one.remote_endpoint() == first.where());
    CHECK(two.remote_endpoint() == second.where());
    CHECK(one.local_endpoint() == listener.local_endpoint());
  });
}

TEST_CASE("accept waits for a connection") {
  auto listener = tcp::listen("[::1]:0");
  complete([&]() -> task<> {
    auto [accepted, connected] = co_await when_all(listener.accept(), tcp::connect(listener.local_endpoint()));
    CHECK(accepted.remote_endpoint() == connected.local_endpoint());
    CHECK(connected.remote_endpoint() == accepted.local_endpoint());
  });
}

TEST_CASE("accepted and connected streams send small writes without delay") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto [accepted, connected] = co_await when_all(listener.accept(), tcp::connect(listener.local_endpoint()));
    CHECK(accepted.no_delay());
    CHECK(connected.no_delay());
  });
}

TEST_CASE("descriptors of accepted and connected streams are not inherited by other programs") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto [accepted, connected] = co_await when_all(listener.accept(), tcp::connect(listener.local_endpoint()));
    for (int const each : {listener.native_handle(), accepted.native_handle(), connected.native_handle()})
      CHECK((::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0);
  });
}

TEST_CASE("two concurrent accepts on one listener are diagnosed") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto both = [&]() -> task<> {
      auto const outcome = co_await when_all(listener.accept(), listener.accept());
      static_cast<void>(outcome);
    };
    try {
      co_await both();
      FAIL("nothing was thrown");
    } catch (std::logic_error const& e) {
      CHECK_THAT(e.what(), ContainsSubstring("two accepts at once on " + listener.local_endpoint().to_string()));
    }
    auto const client = raw_connect(listener.local_endpoint());
    auto const accepted = co_await listener.accept();
    CHECK(accepted.is_open());  // the listener is still usable
  });
}

TEST_CASE("using a listener on two loops is diagnosed") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const client = raw_connect(listener.local_endpoint());
  event_loop first;
  event_loop second;
  auto accept = [&]() -> task<> { static_cast<void>(co_await listener.accept()); };
  first.run(accept);
  CHECK_THROWS_WITH(second.run(accept), ContainsSubstring("is used on two loops"));
}

TEST_CASE("a listener may outlive its loop and be used on another one") {
  auto listener = tcp::listen("127.0.0.1:0");
  for (int i = 0; i != 3; ++i) {
    auto const client = raw_connect(listener.local_endpoint());
    auto const accepted = complete([&]() -> task<tcp::stream> { co_return co_await listener.accept(); });
    CHECK(accepted.remote_endpoint() == client.where());
  }
}

TEST_CASE("an accept ends if its listener is closed before the accept has started") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto accept = [&]() -> task<> {
      auto const outcome = co_await when_any(as_result(listener.accept()), sleep_for(5s));  // starts in the next turn
      CHECK(std::get<0>(outcome)->error() == errc::closed);
    };
    auto close = [&]() -> task<> {
      listener.close();
      co_return;
    };
    co_await when_all(accept(), close());
  });
}

TEST_CASE("a canceled accept ends and the listener can accept again") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    for (int i = 0; i != 3; ++i) {
      auto const [none, first] = co_await when_any(listener.accept(), sleep_for(1ms));
      CHECK_FALSE(none);
    }
    auto const client = raw_connect(listener.local_endpoint());
    auto const accepted = co_await listener.accept();
    CHECK(accepted.is_open());
  });
}

TEST_CASE("a waiting connection is not lost when the deadline of an accept has passed") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto waiting = [&]() -> task<bool> { co_return (co_await listener.accept()).is_open(); };
    cancel_scope scope;
    auto connect_and_cancel = [&]() -> task<> {
      auto const client = raw_connect(listener.local_endpoint());
      scope.cancel();  // before the loop has been notified of the connection
      co_return;
    };
    auto const [accepted, done] = co_await when_all(scope.run(waiting), connect_and_cancel());
    CHECK(accepted == true);
  });
}

TEST_CASE("an accept ends when its listener is closed") {
  auto listener = tcp::listen("127.0.0.1:0");
  complete([&]() -> task<> {
    auto close = [&]() -> task<> {
      listener.close();
      co_return;
    };
    auto const [outcome, done] = co_await when_all(as_result(listener.accept()), close());
    CHECK(outcome.error() == errc::closed);
    CHECK(outcome.message() == "accept: closed on this side");
  });
}

TEST_CASE("an accept on a closed listener fails") {
  tcp::listener listener;
  complete([&]() -> task<> {
    auto const outcome = co_await as_result(listener.accept());
    CHECK(outcome.error() == errc::closed);
  });
}

TEST_CASE("an accept in a canceled scope does not start") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const client = raw_connect(listener.local_endpoint());
  complete([&]() -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const nothing_yet = co_await scope.run(listener.accept());
    CHECK_FALSE(nothing_yet);
    auto const accepted = co_await listener.accept();
    CHECK(accepted.is_open());
  });
}

TEST_CASE("an accept on a socket that does not listen fails with an error that names the socket") {
  raw_socket bound(::socket(AF_INET, SOCK_STREAM, 0));
  tcp::listener listener(bound.release());
  complete([&]() -> task<> {
    auto const outcome = co_await as_result(listener.accept());
    CHECK(outcome.message() == "accept on 0.0.0.0:0: invalid argument");
  });
}
