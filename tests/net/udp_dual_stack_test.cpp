// An IPv6 UDP socket that exchanges datagrams with IPv4 endpoints.
#include <string>
#include <unordered_map>
#include <vector>

#include "catch.hpp"
#include "datagrams.hpp"
#include "faulty_system.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A socket for IPv4 and IPv6, with the endpoints at which it can be reached.
struct dual_socket {
  explicit dual_socket(udp::bind_options options = {}) : socket(udp::bind("[::]:0", options)) {
    socket.receive_buffer_size(4 * 1024 * 1024);
  }
  [[nodiscard]] endpoint v4() const { return endpoint::loopback_v4(socket.local_endpoint().port()); }
  [[nodiscard]] endpoint v6() const { return endpoint::loopback_v6(socket.local_endpoint().port()); }
  udp::socket socket;
};

}  // namespace

TEST_CASE("an IPv6 socket reports the sender of an IPv4 datagram as its IPv4 endpoint") {
  dual_socket dual;
  auto v4 = bound_socket();
  complete([&]() -> task<> {
    std::unordered_map<endpoint, std::string> sessions{{v4.local_endpoint(), "known"}};
    co_await v4.sendto("hello", dual.v4());
    auto const came = co_await receive(dual.socket);
    CHECK(came.from == v4.local_endpoint());
    CHECK(sessions.count(came.from) == 1);
    CHECK(came.from.address() == "127.0.0.1");

    co_await dual.socket.sendto("answer", came.from);
    auto const answer = co_await receive(v4);
    CHECK(answer.text == "answer");
    CHECK(answer.from == dual.v4());
  });
}

TEST_CASE("the reply to a datagram of an IPv6 socket comes from the endpoint to which the datagram was sent") {
  dual_socket dual;
  auto v4 = bound_socket();
  auto v6 = udp::bind("[::1]:0");
  complete([&]() -> task<> {
    co_await dual.socket.sendto("question", v4.local_endpoint());
    auto const question = co_await receive(v4);
    co_await v4.sendto("answer", question.from);
    auto const answer = co_await receive(dual.socket);
    CHECK(answer.from == v4.local_endpoint());

    co_await dual.socket.sendto("question", v6.local_endpoint());
    auto const over_v6 = co_await receive(v6);
    CHECK(over_v6.from == dual.v6());
    co_await v6.sendto("answer", over_v6.from);
    auto const from_v6 = co_await receive(dual.socket);
    CHECK(from_v6.from == v6.local_endpoint());
  });
}

TEST_CASE("a batch of an IPv6 socket reaches IPv4 and IPv6 endpoints and can be answered") {
  auto const send_options = GENERATE(as<udp::bind_options>(), udp::bind_options{}, joining);
  auto const receive_options = GENERATE(as<udp::bind_options>(), udp::bind_options{}, offload);
  auto options = send_options;
  options.receive_offload = receive_options.receive_offload;
  dual_socket dual(options);
  auto v4 = bound_socket(send_options);
  auto v6 = udp::bind("[::1]:0", send_options);
  auto const sent = numbered_alike(40, 300);
  std::vector<udp::datagram> batch;
  for (std::size_t i = 0; i != sent.size(); ++i)
    batch.push_back({const_buffer(sent[i]), i < 20 ? v4.local_endpoint() : v6.local_endpoint(), false});
  complete([&]() -> task<> {
    auto const sent_count = co_await dual.socket.send_batch(batch);
    CHECK(sent_count == 40);
    udp::datagram_buffer buffer;
    auto const at_v4 = co_await receive_batches(v4, buffer, 20);
    CHECK(texts_of(at_v4) == texts(sent.begin(), sent.begin() + 20));
    auto const at_v6 = co_await receive_batches(v6, buffer, 20);
    CHECK(texts_of(at_v6) == texts(sent.begin() + 20, sent.end()));

    // The received datagrams are returned to their senders.
    std::vector<udp::datagram> answers;
    for (auto const& each : at_v4) answers.push_back({const_buffer(each.text), each.from, false});
    co_await v4.send_batch(answers);
    auto const answered = co_await receive_batches(dual.socket, buffer, 20);
    CHECK(texts_of(answered) == texts(sent.begin(), sent.begin() + 20));
    for (auto const& each : answered) CHECK(each.from == v4.local_endpoint());
    std::vector<udp::datagram> again;
    for (auto const& each : answered) again.push_back({const_buffer(each.text), each.from, false});
    co_await dual.socket.send_batch(again);
    auto const last = co_await receive_batches(v4, buffer, 20);
    CHECK(texts_of(last) == texts(sent.begin(), sent.begin() + 20));
  });
}

TEST_CASE("an IPv6 socket can be connected to an IPv4 endpoint and disconnected") {
  dual_socket dual;
  auto v4 = bound_socket();
  complete([&]() -> task<> {
    auto const port = dual.socket.local_endpoint().port();
    dual.socket.connect(v4.local_endpoint());
    CHECK(dual.socket.remote_endpoint() == v4.local_endpoint());
    CHECK(dual.socket.local_endpoint() == endpoint::loopback_v4(port));
    co_await dual.socket.send("hello");
    auto const came = co_await receive(v4);
    CHECK(came.from == dual.v4());
    dual.socket.disconnect();
    CHECK(dual.socket.local_endpoint() == endpoint::any_v6(port));
    co_await v4.sendto("still there", dual.v4());
    auto const last = co_await receive_text(dual.socket);
    CHECK(last == "still there");
  });
}

TEST_CASE("an IPv6 socket with v6_only does not send to IPv4 endpoints") {
  auto only = udp::bind("[::]:0", {.v6_only = true});
  complete([&]() -> task<> {
    auto const sent = co_await as_result(only.sendto("hello", endpoint::loopback_v4(9)));
    CHECK(sent.error() == std::errc::network_unreachable);
  });
}

TEST_CASE("udp::connect never connects a socket to itself") {
  auto const to = unused_udp_endpoint();
  complete([&]() -> task<> {
    choosing_port const same(to.port(), 1);
    auto socket = co_await udp::connect(to);
    CHECK(choosing_port::left() == 0);
    CHECK(socket.remote_endpoint() == to);
    CHECK(socket.local_endpoint().port() != to.port());
  });
}
