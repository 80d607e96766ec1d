// Receiving and sending single datagrams: contents, senders, truncation.
#include <array>
#include <string>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::size_t longest_datagram = 65'507;  // over IPv4

}  // namespace

TEST_CASE("recvfrom returns the bytes of a datagram and its sender") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    co_await sender.sendto("hello", receiver.local_endpoint());
    char buffer[16];
    auto [size, from, truncated] = co_await receiver.recvfrom(buffer);
    CHECK(std::string(buffer, size) == "hello");
    CHECK(from == sender.local_endpoint());
    CHECK_FALSE(truncated);
  });
}

TEST_CASE("recvfrom waits until a datagram arrives") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    bool is_sent = false;
    auto send_later = [&]() -> task<> {
      co_await turns(5);
      is_sent = true;
      co_await sender.sendto("at last", receiver.local_endpoint());
    };
    auto receive_and_look = [&]() -> task<> {
      auto const text = co_await receive_text(receiver);
      CHECK(is_sent);
      CHECK(text == "at last");
    };
    co_await when_all(receive_and_look(), send_later());
  });
}

TEST_CASE("an answer can be sent back to the sender") {
  auto server = bound_socket();
  auto client = bound_socket();
  complete([&]() -> task<> {
    auto serve = [&]() -> task<> {
      char request[512];
      for (int i = 0; i != 3; ++i) {
        auto [size, from, truncated] = co_await server.recvfrom(request);
        co_await server.sendto(std::span(request, size), from);
      }
    };
    auto ask = [&]() -> task<> {
      for (std::string const text : {"one", "two", "three"}) {
        co_await client.sendto(text, server.local_endpoint());
        auto const came = co_await receive(client);
        CHECK(came.text == text);
        CHECK(came.from == server.local_endpoint());
      }
    };
    co_await when_all(serve(), ask());
  });
}

TEST_CASE("recv returns a datagram without its sender whether the socket is connected or not") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    co_await sender.sendto("hello", receiver.local_endpoint());
    char buffer[16];
    auto const [size, truncated] = co_await receiver.recv(buffer);
    CHECK(std::string(buffer, size) == "hello");
    CHECK_FALSE(truncated);
  });
}

TEST_CASE("a datagram is scattered over several buffers in order") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    std::array<char, 3> head{};
    std::array<char, 2> middle{};
    std::array<char, 8> tail{};
    std::array<mutable_buffer, 4> const parts{mutable_buffer(head), mutable_buffer(), mutable_buffer(middle),
                                              mutable_buffer(tail)};
    co_await sender.sendto("headMItail", receiver.local_endpoint());
    auto const [size, from, truncated] = co_await receiver.recvfrom(parts);
    CHECK(size == 10);
    CHECK(from == sender.local_endpoint());
    CHECK_FALSE(truncated);
    CHECK(std::string(head.data(), 3) == "hea");
    CHECK(std::string(middle.data(), 2) == "dM");
    CHECK(std::string(tail.data(), 5) == "Itail");

    co_await sender.sendto("123456", receiver.local_endpoint());
    auto const plain = co_await receiver.recv(parts);
    CHECK(plain.size == 6);
    CHECK(std::string(tail.data(), 1) == "6");
  });
}

TEST_CASE("several buffers are sent as one datagram") {
  auto [one, other] = connected_sockets();
  std::array<const_buffer, 4> const parts{const_buffer("one, "), const_buffer(), const_buffer("two, "),
                                          const_buffer("three")};
  complete([&]() -> task<> {
    co_await one.send(parts);
    auto const sent = co_await receive_text(other);
    CHECK(sent == "one, two, three");
    auto third = bound_socket();
    co_await one.sendto(parts, third.local_endpoint());
    auto const came = co_await receive(third);
    CHECK(came.text == "one, two, three");
    CHECK(came.from == one.local_endpoint());
  });
}

TEST_CASE("63 buffers are sent as one datagram and 64 fail without sending anything") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  auto const to = receiver.local_endpoint();
  std::vector<const_buffer> const parts(64, const_buffer("x"));
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto(const_buffers(parts), to));
    CHECK(refused.error() == std::errc::message_size);
    CHECK(refused.message() == "sendto " + to.to_string() + ": message too long");
    co_await sender.sendto(const_buffers(parts).first(63), to);
    auto const came = co_await receive_text(receiver);
    CHECK(came == std::string(63, 'x'));
  });
}

TEST_CASE("63 buffers receive one datagram and 64 fail without receiving anything") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  std::string room(64, '\0');
  std::vector<mutable_buffer> parts;
  for (char& each : room) parts.emplace_back(&each, 1);
  complete([&]() -> task<> {
    co_await sender.sendto(std::string(63, 'x'), receiver.local_endpoint());
    auto const refused = co_await as_result(receiver.recvfrom(parts));
    CHECK(refused.error() == std::errc::message_size);
    auto const got = co_await receiver.recvfrom(mutable_buffers(parts).first(63));
    CHECK(got.size == 63);
    CHECK_FALSE(got.truncated);
    CHECK(room.substr(0, 63) == std::string(63, 'x'));
  });
}

TEST_CASE("fault 36: a datagram longer than recvfrom's buffer is truncated and flagged") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    co_await sender.sendto("much too long", receiver.local_endpoint());
    co_await sender.sendto("next", receiver.local_endpoint());
    auto const first = co_await receive(receiver, 4);
    CHECK(first.text == "much");
    CHECK(first.truncated);
    CHECK(first.from == sender.local_endpoint());
    auto const next = co_await receive(receiver, 4);
    CHECK(next.text == "next");
    CHECK_FALSE(next.truncated);
  });
}

TEST_CASE("fault 36: a datagram longer than recv's buffer is truncated and flagged, and one that fits is not") {
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    char buffer[4];
    co_await one.send("12345");
    auto const cut = co_await other.recv(buffer);
    CHECK(cut.size == 4);
    CHECK(cut.truncated);
    co_await one.send("6789");
    auto const whole = co_await other.recv(buffer);
    CHECK(whole.size == 4);
    CHECK_FALSE(whole.truncated);
    CHECK(std::string(buffer, 4) == "6789");
  });
}

TEST_CASE("fault 36: a datagram longer than all buffers together is truncated and flagged") {
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    char first[2];
    char second[3];
    std::array<mutable_buffer, 2> const parts{mutable_buffer(first), mutable_buffer(second)};
    co_await one.send("123456");
    auto const cut = co_await other.recvfrom(parts);
    CHECK(cut.size == 5);
    CHECK(cut.truncated);
    CHECK(std::string(second, 3) == "345");
    co_await one.send("12345");
    auto const whole = co_await other.recv(parts);
    CHECK(whole.size == 5);
    CHECK_FALSE(whole.truncated);
  });
}

TEST_CASE("fault 36: a receive with an empty buffer takes a datagram and flags it as truncated") {
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    co_await one.send("gone");
    auto const cut = co_await other.recvfrom(mutable_buffer());
    CHECK(cut.size == 0);
    CHECK(cut.truncated);
    co_await one.send("gone, too");
    auto const none = co_await other.recv(mutable_buffers());
    CHECK(none.size == 0);
    CHECK(none.truncated);
    co_await one.send("");
    auto const empty = co_await other.recvfrom(mutable_buffer());
    CHECK(empty.size == 0);
    CHECK_FALSE(empty.truncated);
  });
}

TEST_CASE("fault 36: only the datagrams of a batch that are too long are truncated and flagged") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer(8, 4);
  complete([&]() -> task<> {
    for (std::string const text : {"1", "12345", "1234", "123456789", ""})
      co_await sender.sendto(text, receiver.local_endpoint());
    auto const came = co_await receive_batches(receiver, buffer, 5);
    CHECK(texts_of(came) == std::vector<std::string>{"1", "1234", "1234", "1234", ""});
    std::vector<bool> cut;
    for (auto const& each : came) cut.push_back(each.truncated);
    CHECK(cut == std::vector<bool>{false, true, false, true, false});
  });
}

TEST_CASE("fault 38: an empty datagram is delivered by recvfrom") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  complete([&]() -> task<> {
    co_await sender.sendto("", receiver.local_endpoint());
    co_await sender.sendto("after it", receiver.local_endpoint());
    auto const empty = co_await receive(receiver);
    CHECK(empty.text.empty());
    CHECK(empty.from == sender.local_endpoint());
    CHECK_FALSE(empty.truncated);
    auto const next = co_await receive_text(receiver);
    CHECK(next == "after it");
  });
}

TEST_CASE("fault 38: an empty datagram ends a waiting recv and a waiting recvfrom") {
  auto [one, other] = connected_sockets();
  complete([&]() -> task<> {
    auto send_soon = [&]() -> task<> {
      co_await turns(3);
      co_await one.send("");
      co_await turns(3);
      co_await one.send(const_buffers());
    };
    auto receive_both = [&]() -> task<> {
      char buffer[8];
      auto const first = co_await other.recv(buffer);
      CHECK(first.size == 0);
      CHECK_FALSE(first.truncated);
      auto const second = co_await other.recvfrom(buffer);
      CHECK(second.size == 0);
      CHECK(second.from == one.local_endpoint());
    };
    co_await when_all(receive_both(), send_soon());
  });
}

TEST_CASE("fault 38: empty datagrams in the middle of a batch are sent and delivered") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  udp::datagram_buffer buffer;
  std::vector<std::string> const texts{"", "one", "", "", "two", "six", ""};
  complete([&]() -> task<> {
    auto const sent = co_await sender.send_batch(addressed_to(receiver.local_endpoint(), texts));
    CHECK(sent == texts.size());
    auto const came = co_await receive_batches(receiver, buffer, texts.size());
    CHECK(texts_of(came) == texts);
    for (auto const& each : came) CHECK(each.from == sender.local_endpoint());
  });
}

TEST_CASE("a datagram of the maximum size can be sent") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  auto const bytes = numbered(1, longest_datagram);
  complete([&]() -> task<> {
    co_await sender.sendto(bytes, receiver.local_endpoint());
    auto const came = co_await receive(receiver);
    CHECK((came.text == bytes));
    CHECK_FALSE(came.truncated);
    std::vector<std::string> const twice{bytes, bytes};
    co_await sender.send_batch(addressed_to(receiver.local_endpoint(), twice));
    for (int i = 0; i != 2; ++i) {
      auto const text = co_await receive_text(receiver);
      CHECK((text == bytes));
    }
  });
}

TEST_CASE("a datagram above the maximum size fails with an error that names the destination") {
  auto receiver = bound_socket();
  auto sender = bound_socket();
  auto const to = receiver.local_endpoint();
  complete([&]() -> task<> {
    auto const refused = co_await as_result(sender.sendto(std::string(longest_datagram + 1, 'x'), to));
    CHECK(refused.error() == std::errc::message_size);
    CHECK(refused.message() == "sendto " + to.to_string() + ": message too long");
    co_await sender.sendto("short", to);
    auto const text = co_await receive_text(receiver);
    CHECK(text == "short");
    sender.connect(to);
    auto const refused_too = co_await as_result(sender.send(std::string(longest_datagram + 1, 'x')));
    CHECK(refused_too.message() == "send to " + to.to_string() + ": message too long");
  });
}

TEST_CASE("datagrams can be sent over IPv6") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto receiver = udp::bind("[::1]:0");
  auto sender = udp::bind(endpoint::loopback_v6(0));
  complete([&]() -> task<> {
    co_await sender.sendto("hello", receiver.local_endpoint());
    auto const came = co_await receive(receiver);
    CHECK(came.text == "hello");
    CHECK(came.from == sender.local_endpoint());
    CHECK(came.from.is_v6());
  });
}

TEST_CASE("a socket on the IPv6 wildcard address also receives over IPv4 and can answer") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto both = udp::bind(endpoint::any_v6(0));
  auto client = bound_socket();
  complete([&]() -> task<> {
    co_await client.sendto("over IPv4", endpoint::loopback_v4(both.local_endpoint().port()));
    auto const came = co_await receive(both);
    CHECK(came.text == "over IPv4");
    CHECK(came.from.port() == client.local_endpoint().port());
    co_await both.sendto("answer", came.from);
    std::vector<std::string> const more{"one", "two"};
    co_await both.send_batch(addressed_to(came.from, more));
    auto const answers = co_await receive_texts(client, 3);
    CHECK(answers == std::vector<std::string>{"answer", "one", "two"});
  });
}

TEST_CASE("a socket with v6_only leaves the port free for IPv4 sockets") {
  if (!has_ipv6()) {
    WARN("skipped: this host has no IPv6");
    return;
  }
  auto only_v6 = udp::bind(endpoint::any_v6(0), {.v6_only = true});
  auto const port = only_v6.local_endpoint().port();
  auto only_v4 = udp::bind(endpoint::any_v4(port));
  auto sender_v4 = bound_socket();
  auto sender_v6 = udp::bind("[::1]:0");
  complete([&]() -> task<> {
    co_await sender_v4.sendto("four", endpoint::loopback_v4(port));
    co_await sender_v6.sendto("six", endpoint::loopback_v6(port));
    auto const four = co_await receive_text(only_v4);
    CHECK(four == "four");
    auto const six = co_await receive_text(only_v6);
    CHECK(six == "six");
  });
}
