// Many tasks on one socket: order, cancellation, deadlines, and a close that ends them all.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

using texts = std::vector<std::string>;

/// Receives one datagram and appends it to `to`, after the receiver's name.
task<> receive_as(std::string name, udp::socket& socket, texts& to) {
  auto const text = co_await receive_text(socket);
  to.push_back(name + " " + text);
}

}  // namespace

TEST_CASE("several receivers of one socket are served in the order in which they arrived") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  texts got;
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      co_await turns(4);
      for (std::string const text : {"1", "2", "3"}) co_await sender.sendto(text, socket.local_endpoint());
    };
    co_await when_all(receive_as("a", socket, got), receive_as("b", socket, got), receive_as("c", socket, got), send());
  });
  CHECK(got == texts{"a 1", "b 2", "c 3"});
}

TEST_CASE("a later receiver does not overtake waiting ones") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  texts got;
  complete([&]() -> task<> {
    auto send_and_receive = [&]() -> task<> {
      co_await turns(4);
      for (std::string const text : {"1", "2", "3"}) co_await sender.sendto(text, socket.local_endpoint());
      co_await receive_as("late", socket, got);
    };
    co_await when_all(receive_as("a", socket, got), receive_as("b", socket, got), send_and_receive());
  });
  CHECK(got == texts{"a 1", "b 2", "late 3"});
}

TEST_CASE("several receivers in loops receive every datagram exactly once") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  constexpr int count = 300;
  texts all;
  complete([&]() -> task<> {
    auto receive_on = [&]() -> task<> {
      while (all.size() != count) {
        auto const text = co_await receive_text(socket);
        if (text.empty()) co_return;
        all.push_back(text);
      }
    };
    auto send = [&]() -> task<> {
      for (int i = 0; i != count; ++i) {
        co_await sender.sendto(std::to_string(i), socket.local_endpoint());
        if (i % 7 == 0) co_await yield();
      }
      for (int i = 0; i != 3; ++i) co_await sender.sendto("", socket.local_endpoint());
    };
    co_await when_all(receive_on(), receive_on(), receive_on(), send());
  });
  texts expected;
  for (int i = 0; i != count; ++i) expected.push_back(std::to_string(i));
  CHECK(all == expected);
}

TEST_CASE("receivers of all kinds wait in the same queue") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer(1);
  texts got;
  complete([&]() -> task<> {
    auto batch = [&]() -> task<> {
      auto const datagrams = co_await socket.recv_batch(buffer);
      for (auto const& each : datagrams) got.push_back("batch " + std::string(each.text()));
    };
    auto plain = [&]() -> task<> {
      char bytes[8];
      auto const [size, truncated] = co_await socket.recv(bytes);
      got.push_back("recv " + std::string(bytes, size));
    };
    auto send = [&]() -> task<> {
      co_await turns(4);
      for (std::string const text : {"1", "2", "3"}) co_await sender.sendto(text, socket.local_endpoint());
    };
    co_await when_all(batch(), receive_as("recvfrom", socket, got), plain(), send());
  });
  CHECK(got == texts{"batch 1", "recvfrom 2", "recv 3"});
}

TEST_CASE("a receiver that is canceled while it waits makes way for the next one") {
  for (int which = 0; which != 3; ++which) {
    auto socket = bound_socket();
    auto sender = bound_socket();
    texts got;
    complete([&]() -> task<> {
      cancel_scope scopes[3];
      auto cancel_and_send = [&]() -> task<> {
        co_await turns(4);
        scopes[which].cancel();
        co_await turns(2);
        for (std::string const text : {"1", "2"}) co_await sender.sendto(text, socket.local_endpoint());
      };
      co_await when_all(scopes[0].run(receive_as("a", socket, got)), scopes[1].run(receive_as("b", socket, got)),
                        scopes[2].run(receive_as("c", socket, got)), cancel_and_send());
    });
    texts const expected[] = {{"b 1", "c 2"}, {"a 1", "c 2"}, {"a 1", "b 2"}};
    CHECK(got == expected[which]);
  }
}

TEST_CASE("a receiver that is canceled in the turn in which its datagram arrives loses nothing to the next one") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  texts got;
  complete([&]() -> task<> {
    cancel_scope scopes[2];
    auto send_and_cancel = [&]() -> task<> {
      co_await turns(4);
      for (std::string const text : {"1", "2", "3"}) co_await sender.sendto(text, socket.local_endpoint());
      scopes[0].cancel();
      scopes[1].cancel();
    };
    co_await when_all(scopes[0].run(receive_as("a", socket, got)), scopes[1].run(receive_as("b", socket, got)),
                      receive_as("c", socket, got), send_and_cancel());
    REQUIRE_FALSE(got.empty());
    while (got.size() != 3) co_await receive_as("rest", socket, got);
  });
  for (std::size_t i = 0; i != 3; ++i) CHECK(got[i].ends_with(std::to_string(i + 1)));
}

TEST_CASE("a receiver whose deadline passes while it waits makes way for the next one") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  texts got;
  complete([&]() -> task<> {
    bool is_late = false;
    auto limited = [&]() -> task<> {
      auto const outcome = co_await as_result(timeout(5ms, receive_text(socket)));
      CHECK(outcome.error() == std::errc::timed_out);
      is_late = true;
      co_await sender.sendto("1", socket.local_endpoint());
    };
    auto next = [&]() -> task<> {
      co_await receive_as("next", socket, got);
      CHECK(is_late);
    };
    co_await when_all(limited(), next());
  });
  CHECK(got == texts{"next 1"});
}

TEST_CASE("a receiver that is dropped while it waits makes way for the next one") {
  for (int which = 0; which != 3; ++which) {
    auto socket = bound_socket();
    auto sender = bound_socket();
    texts got;
    event_loop loop;
    loop.run(timeout(20s, [&]() -> task<> {
      std::optional<background_task<void>> dropped;
      auto body = [&](task_group& group) -> task<> {
        for (int i = 0; i != 3; ++i) {
          auto name = std::to_string(i);
          if (i == which) dropped.emplace(loop, receive_as(std::move(name), socket, got));
          else group.spawn(receive_as(std::move(name), socket, got));
          co_await turns(2);
        }
        dropped.reset();
        for (std::string const text : {"1", "2"}) co_await sender.sendto(text, socket.local_endpoint());
      };
      co_await with_task_group(body);
    }));
    texts const expected[] = {{"1 1", "2 2"}, {"0 1", "2 2"}, {"0 1", "1 2"}};
    CHECK(got == expected[which]);
  }
}

TEST_CASE("close ends all waiting receivers") {
  auto socket = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    char bytes[3][8];
    auto close_soon = [&]() -> task<> {
      co_await turns(4);
      socket.close();
    };
    auto const [first, second, third, fourth, done] =
        co_await when_all(as_result(socket.recvfrom(bytes[0])), as_result(socket.recv(bytes[1])),
                          as_result(socket.recv_batch(buffer)), as_result(socket.recvfrom(bytes[2])), close_soon());
    CHECK(first.error() == errc::closed);
    CHECK(first.message() == "recvfrom: closed on this side");
    CHECK(second.error() == errc::closed);
    CHECK(third.error() == errc::closed);
    CHECK(fourth.error() == errc::closed);
  });
}

TEST_CASE("a receiver that has received its datagram may close the socket while others wait") {
  auto socket = std::make_unique<udp::socket>(bound_socket());
  auto sender = bound_socket();
  auto const where = socket->local_endpoint();
  complete([&]() -> task<> {
    auto receive_and_close = [&]() -> task<> {
      static_cast<void>(co_await receive_text(*socket));
      socket->close();
    };
    auto send = [&]() -> task<> {
      co_await turns(4);
      co_await sender.sendto("1", where);
      co_await sender.sendto("2", where);
    };
    char bytes[2][8];
    auto const [closed, second, third, sent] = co_await when_all(
        receive_and_close(), as_result(socket->recvfrom(bytes[0])), as_result(socket->recvfrom(bytes[1])), send());
    CHECK(second.error() == errc::closed);
    CHECK(third.error() == errc::closed);
  });
}

TEST_CASE("close between the event and the resumption does not discard a received datagram") {
  auto first = bound_socket();
  auto second = bound_socket();
  auto sender = bound_socket();
  // The task that is resumed first closes both sockets. The other one must then have its datagram or nothing.
  complete([&]() -> task<> {
    auto const to_first = first.local_endpoint();
    auto const to_second = second.local_endpoint();
    int received = 0;
    int closed = 0;
    auto receive_and_close = [&](udp::socket& socket) -> task<> {
      auto const outcome = co_await as_result(receive_text(socket));
      if (outcome) ++received;
      else closed += outcome.error() == errc::closed;
      first.close();
      second.close();
    };
    auto send = [&]() -> task<> {
      co_await turns(4);
      co_await sender.sendto("1", to_first);
      co_await sender.sendto("2", to_second);
    };
    co_await when_all(receive_and_close(first), receive_and_close(second), send());
    CHECK(received >= 1);
    CHECK(received + closed == 2);
  });
}

TEST_CASE("a cancel ends a waiting recvfrom at once and the next one receives") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    cancel_scope scope;
    auto const [came, done] = co_await when_all(scope.run(receive_text(socket)), cancel_soon(scope));
    CHECK_FALSE(came);
    co_await sender.sendto("later", socket.local_endpoint());
    auto const text = co_await receive_text(socket);
    CHECK(text == "later");
  });
}

TEST_CASE("an operation that starts in a canceled scope neither receives nor sends") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  auto const to = socket.local_endpoint();
  texts const some{"sent", "in", "vain"};
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    co_await sender.sendto("first", to);
    cancel_scope scope;
    scope.cancel();
    auto const came = co_await scope.run(receive_text(socket));
    CHECK_FALSE(came);
    bool const is_sent = co_await scope.run(sender.sendto("in vain", to));
    CHECK_FALSE(is_sent);
    auto const sent = co_await scope.run(sender.send_batch(addressed_to(to, some)));
    CHECK_FALSE(sent);
    auto const batch = co_await scope.run(socket.recv_batch(buffer));
    CHECK_FALSE(batch);
    co_await sender.sendto("second", to);
    auto const texts_received = co_await receive_texts(socket, 2);
    CHECK(texts_received == texts{"first", "second"});
  });
}

TEST_CASE("fault 29: a datagram that arrives in the turn of a cancel is delivered") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    cancel_scope scope;
    auto send_and_cancel = [&]() -> task<> {
      co_await turns(4);
      co_await sender.sendto("just in time", socket.local_endpoint());
      scope.cancel();
    };
    auto const [came, done] = co_await when_all(scope.run(receive_text(socket)), send_and_cancel());
    REQUIRE(came);
    CHECK(*came == "just in time");
  });
}

TEST_CASE("fault 29: a batch of datagrams that arrives in the turn of a cancel is delivered") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer;
  complete([&]() -> task<> {
    cancel_scope scope;
    auto send_and_cancel = [&]() -> task<> {
      co_await turns(4);
      co_await sender.sendto("just", socket.local_endpoint());
      co_await sender.sendto("in time", socket.local_endpoint());
      scope.cancel();
    };
    auto const [came, done] = co_await when_all(scope.run(socket.recv_batch(buffer)), send_and_cancel());
    REQUIRE(came);
    REQUIRE(came->size() == 2);
    CHECK((*came)[1].text() == "in time");
  });
}

TEST_CASE("fault 29: a datagram that arrives in the turn of the deadline is delivered") {
  auto socket = bound_socket();
  complete([&]() -> task<> {
    auto hold_the_loop = [&]() -> task<> {
      co_await yield();
      raw_send(raw_datagram_socket(), "in time", socket.local_endpoint());
      std::this_thread::sleep_for(220ms);  // past the deadline, while the loop can be notified of neither
    };
    auto const [text, done] = co_await when_all(timeout(200ms, receive_text(socket)), hold_the_loop());
    CHECK(text == "in time");
  });
}

TEST_CASE("a receive whose deadline passes times out and the socket remains usable") {
  auto socket = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    auto const late = co_await as_result(timeout(5ms, receive_text(socket)));
    CHECK(late.error() == std::errc::timed_out);
    co_await sender.sendto("later", socket.local_endpoint());
    auto const text = co_await receive_text(socket);
    CHECK(text == "later");
  });
}

TEST_CASE("when_any of receives on two sockets delivers the datagram and does not affect the other socket") {
  auto one = bound_socket();
  auto other = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    auto send = [&]() -> task<> {
      co_await turns(4);
      co_await sender.sendto("to the other", other.local_endpoint());
    };
    auto receive_any = [&]() -> task<> {
      auto const outcome = co_await when_any(receive_text(one), receive_text(other));
      CHECK_FALSE(std::get<0>(outcome));
      REQUIRE(std::get<1>(outcome));
      CHECK(*std::get<1>(outcome) == "to the other");
    };
    co_await when_all(receive_any(), send());
    co_await sender.sendto("to the one", one.local_endpoint());
    auto const text = co_await receive_text(one);
    CHECK(text == "to the one");
  });
}

TEST_CASE("when_any of receives on two sockets with datagrams delivers both or leaves one in its queue") {
  auto one = bound_socket();
  auto other = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    co_await sender.sendto("1", one.local_endpoint());
    co_await sender.sendto("2", other.local_endpoint());
    auto const outcome = co_await when_any(receive_text(one), receive_text(other));
    auto first = std::get<0>(outcome);
    auto second = std::get<1>(outcome);
    CHECK((first || second));
    if (!first) first = co_await receive_text(one);
    if (!second) second = co_await receive_text(other);
    CHECK(*first == "1");
    CHECK(*second == "2");
  });
}
