// local::socket: datagrams within this host, with the names of both sockets.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

task<std::string> receive(local::socket& on) {
  std::string buffer(4096, '\0');
  auto const got = co_await on.recv(buffer);
  co_return buffer.substr(0, got.size);
}

}  // namespace

TEST_CASE("a received local datagram carries its sender's name and can be answered") {
  temporary_directory const directory;
  auto server = local::bind(directory.file("server"));
  auto client = GENERATE(true, false) ? local::bind(directory.at("client")) : local::bind(abstract_name());
  complete([&]() -> task<> {
    co_await client.sendto("question", server.local_endpoint());
    std::string buffer(64, '\0');
    auto const question = co_await server.recvfrom(buffer);
    CHECK(buffer.substr(0, question.size) == "question");
    CHECK_FALSE(question.truncated);
    CHECK(question.from == client.local_endpoint());
    co_await server.sendto("answer", question.from);
    auto const answer = co_await client.recvfrom(buffer);
    CHECK(buffer.substr(0, answer.size) == "answer");
    CHECK(answer.from == directory.at("server"));
  });
}

TEST_CASE("a local socket bound without a name gets a name to which it can be answered") {
  auto one = local::bind(local::endpoint());
  auto two = local::bind(local::endpoint());
  CHECK(one.local_endpoint().is_abstract());
  CHECK(one.local_endpoint() != two.local_endpoint());
  complete([&]() -> task<> {
    co_await one.sendto("x", two.local_endpoint());
    char byte[1];
    auto const got = co_await two.recvfrom(byte);
    CHECK(got.from == one.local_endpoint());
  });
}

TEST_CASE("a sender without a name is unnamed") {
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto const sender = raw_connect(at, SOCK_DGRAM);
  sender.send("x");
  complete([&]() -> task<> {
    char byte[1];
    auto const got = co_await receiver.recvfrom(byte);
    CHECK(got.from.is_unnamed());
    local::datagram_buffer buffer;
    sender.send("y");
    auto const batch = co_await receiver.recv_batch(buffer);
    REQUIRE(batch.size() == 1);
    CHECK(batch[0].peer.is_unnamed());
  });
}

TEST_CASE("a sender whose path is too long for an endpoint does no harm") {
  temporary_directory const directory;
  auto receiver = local::bind(directory.at("s"));
  auto const path = directory.file(std::string(108 - directory.path().size() - 1, 'x'));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  auto const sender = raw_local(SOCK_DGRAM);
  REQUIRE(::bind(sender.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(connect_raw(sender, directory.at("s")) == 0);
  sender.send("x");
  sender.send("y");
  complete([&]() -> task<> {
    char byte[1];
    auto const got = co_await receiver.recvfrom(byte);
    CHECK(got.from.name() == path.substr(0, 107));
    local::datagram_buffer buffer;
    auto const batch = co_await receiver.recv_batch(buffer);
    CHECK(batch[0].peer.name() == path.substr(0, 107));
  });
}

TEST_CASE("an empty local datagram is received") {
  auto [one, other] = local::socket_pair();
  complete([&]() -> task<> {
    co_await one.send("");
    co_await one.send("then");
    char buffer[8];
    auto const empty = co_await other.recv(buffer);
    CHECK(empty.size == 0);
    CHECK_FALSE(empty.truncated);
    auto const then = co_await other.recv(buffer);
    CHECK(then.size == 4);
  });
}

TEST_CASE("an empty local datagram wakes a waiting receiver and carries its sender's name") {
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  auto sender = local::bind(local::endpoint());
  complete([&]() -> task<> {
    char buffer[8];
    auto send = [&]() -> task<> {
      co_await yield();
      co_await sender.sendto(const_buffer(), at);
    };
    auto const [got, done] = co_await when_all(receiver.recvfrom(buffer), send());
    CHECK(got.size == 0);
    CHECK(got.from == sender.local_endpoint());
  });
}

TEST_CASE("a local datagram that is too long for the buffer is flagged and the next one is complete") {
  auto [one, other] = local::socket_pair();
  complete([&]() -> task<> {
    co_await one.send("0123456789");
    co_await one.send("next");
    char buffer[4];
    auto const first = co_await other.recv(buffer);
    CHECK(first.truncated);
    CHECK(std::string(buffer, first.size) == "0123");
    auto const next = co_await other.recv(buffer);
    CHECK_FALSE(next.truncated);
    CHECK(std::string(buffer, next.size) == "next");

    co_await one.send("0123456789");
    co_await one.send("next");
    local::datagram_buffer slots(8, 4);
    auto const batch = co_await other.recv_batch(slots);
    REQUIRE(batch.size() == 2);
    CHECK(batch[0].truncated);
    CHECK(batch[0].text() == "0123");
    CHECK_FALSE(batch[1].truncated);
    CHECK(batch[1].text() == "next");
  });
}

TEST_CASE("a local datagram can be gathered from and scattered to several buffers") {
  auto [one, other] = local::socket_pair();
  complete([&]() -> task<> {
    std::string const head = "head ";
    std::string const body = "body";
    std::array<const_buffer, 2> const from{head, body};
    co_await one.send(from);
    std::string first(2, '\0');
    std::string rest(20, '\0');
    std::array<mutable_buffer, 2> const into{first, rest};
    auto const got = co_await other.recv(into);
    CHECK(got.size == 9);
    CHECK(first == "he");
    CHECK(rest.substr(0, 7) == "ad body");
  });
}

TEST_CASE("a local datagram can be much longer than an IP datagram up to the system's limit") {
  auto [one, other] = local::socket_pair();
  complete([&]() -> task<> {
    std::string const longer(100'000, 'x');
    co_await one.send(longer);
    std::string buffer(200'000, '\0');
    auto const got = co_await other.recv(buffer);
    CHECK(got.size == longer.size());
    CHECK_FALSE(got.truncated);
    std::string const too_long(64 * 1024 * 1024, 'x');
    auto const outcome = co_await as_result(one.send(too_long));
    CHECK(outcome.error() == std::errc::message_size);
  });
}

TEST_CASE("a connected local socket sends to its peer and receives only from it") {
  temporary_directory const directory;
  auto server = local::bind(directory.at("server"));
  auto client = local::bind(directory.at("client"));
  auto stranger = local::bind(directory.at("stranger"));
  CHECK_FALSE(client.is_connected());
  CHECK_THROWS_WITH(client.remote_endpoint(), ContainsSubstring("remote_endpoint: "));
  client.connect(directory.at("server"));
  CHECK(client.is_connected());
  CHECK(client.remote_endpoint() == directory.at("server"));
  complete([&]() -> task<> {
    co_await client.send("question");
    auto const question = co_await receive(server);
    CHECK(question == "question");
    auto const refused = co_await as_result(stranger.sendto("x", directory.at("client")));
    CHECK(refused.error() == std::errc::operation_not_permitted);
    CHECK(refused.message() == "sendto " + directory.file("client") + ": operation not permitted");
    co_await server.sendto("answer", directory.at("client"));
    auto const answer = co_await receive(client);
    CHECK(answer == "answer");
  });
}

TEST_CASE("a disconnected local socket receives from every sender again") {
  temporary_directory const directory;
  auto server = local::bind(directory.at("server"));
  auto client = local::bind(directory.at("client"));
  auto stranger = local::bind(directory.at("stranger"));
  client.connect(directory.at("server"));
  client.disconnect();
  CHECK_FALSE(client.is_connected());
  CHECK_THROWS_AS(client.remote_endpoint(), error);
  complete([&]() -> task<> {
    co_await stranger.sendto("x", directory.at("client"));
    auto const text = co_await receive(client);
    CHECK(text == "x");
    auto const outcome = co_await as_result(client.send("nowhere"));
    CHECK(outcome.error() == std::errc::not_connected);
  });
}

TEST_CASE("connecting a local socket to a path without a receiver fails with an error that names the path") {
  temporary_directory const directory;
  leave_stale(directory.at("stale"), SOCK_DGRAM);
  auto socket = local::bind(local::endpoint());
  CHECK_THROWS_WITH(socket.connect(directory.at("s")),
                    "connect to " + directory.file("s") + ": no such file or directory");
  CHECK_THROWS_WITH(socket.connect(directory.at("stale")),
                    "connect to " + directory.file("stale") + ": connection refused");
  CHECK_FALSE(socket.is_connected());
}

TEST_CASE("sending to a path without a receiver fails with an error that names the path") {
  temporary_directory const directory;
  leave_stale(directory.at("stale"), SOCK_DGRAM);
  auto socket = local::bind(local::endpoint());
  complete([&]() -> task<> {
    auto const none = co_await as_result(socket.sendto("x", directory.at("s")));
    CHECK(none.error() == std::errc::no_such_file_or_directory);
    CHECK(none.message() == "sendto " + directory.file("s") + ": no such file or directory");
    auto const gone = co_await as_result(socket.sendto("x", directory.at("stale")));
    CHECK(gone.error() == std::errc::connection_refused);
    CHECK(gone.message() == "sendto " + directory.file("stale") + ": connection refused");
  });
}

TEST_CASE("a connected sender whose peer has closed gets an error that names the peer") {
  temporary_directory const directory;
  auto server = local::bind(directory.at("server"));
  auto client = local::bind(local::endpoint());
  client.connect(directory.at("server"));
  server.close();
  complete([&]() -> task<> {
    auto const outcome = co_await as_result(client.send("x"));
    CHECK(outcome.error() == std::errc::connection_refused);
    CHECK(outcome.message() == "send to " + directory.file("server") + ": connection refused");
  });
}

TEST_CASE("a sender whose peer has closed can connect to another one and continue") {
  temporary_directory const directory;
  auto server = local::bind(directory.at("server"));
  auto client = local::bind(local::endpoint());
  client.connect(directory.at("server"));
  server.close();
  complete([&]() -> task<> {
    auto const refused = co_await as_result(client.send("x"));
    CHECK_FALSE(refused);
    server = local::bind(directory.at("server"));
    client.connect(directory.at("server"));
    co_await client.send("again");
    auto const text = co_await receive(server);
    CHECK(text == "again");
  });
}

TEST_CASE("the sockets of a local pair are connected and unnamed") {
  auto [one, other] = local::socket_pair();
  CHECK(one.is_connected());
  CHECK(other.is_connected());
  CHECK(one.local_endpoint().is_unnamed());
  CHECK(one.remote_endpoint().is_unnamed());
  complete([&]() -> task<> {
    co_await one.send("to the other");
    auto const there = co_await receive(other);
    CHECK(there == "to the other");
    co_await other.send("and back");
    auto const back = co_await receive(one);
    CHECK(back == "and back");
  });
}

TEST_CASE("a local datagram descriptor can be adopted and its connection is detected") {
  auto const at = abstract_name();
  auto receiver = local::bind(at);
  local::socket connected(raw_connect(at, SOCK_DGRAM).release());
  CHECK(connected.is_connected());
  local::socket unconnected(raw_local(SOCK_DGRAM).release());
  CHECK_FALSE(unconnected.is_connected());
  CHECK((::fcntl(connected.native_handle(), F_GETFL) & O_NONBLOCK) != 0);
  complete([&]() -> task<> {
    co_await connected.send("one");
    co_await unconnected.sendto("two", at);
    auto const one = co_await receive(receiver);
    auto const two = co_await receive(receiver);
    CHECK(one == "one");
    CHECK(two == "two");
  });
}

TEST_CASE("a descriptor that is not a local datagram socket is not adopted, and remains the caller's") {
  auto const before = open_descriptors();
  {
    auto const stream = raw_local(SOCK_STREAM);
    CHECK_THROWS_WITH(local::socket(stream.get()),
                      "take over a local datagram socket: the descriptor is a different kind of socket");
    raw_socket const udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    CHECK_THROWS_WITH(local::socket(udp.get()),
                      "take over a local datagram socket: the descriptor is a different kind of socket");
    CHECK_THROWS_WITH(local::socket(-1), "take over a local datagram socket: bad file descriptor");
    CHECK(::fcntl(stream.get(), F_GETFD) >= 0);
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("every operation on a closed local socket fails") {
  local::socket socket;
  CHECK_FALSE(socket.is_open());
  CHECK(socket.native_handle() == -1);
  CHECK_THROWS_WITH(socket.local_endpoint(), "local_endpoint: closed on this side");
  CHECK_THROWS_WITH(socket.connect(abstract_name()), "connect: closed on this side");
  complete([&]() -> task<> {
    char byte[1];
    auto const received = co_await as_result(socket.recvfrom(byte));
    CHECK(received.message() == "recvfrom: closed on this side");
    auto const sent = co_await as_result(socket.sendto("x", local::endpoint::abstract("x")));
    CHECK(sent.message() == "sendto: closed on this side");
    local::datagram_buffer buffer;
    auto const batch = co_await as_result(socket.recv_batch(buffer));
    CHECK(batch.error() == errc::closed);
  });
}

TEST_CASE("a receive on a local socket ends when the socket is closed") {
  auto socket = local::bind(abstract_name());
  complete([&]() -> task<> {
    char byte[1];
    auto close = [&]() -> task<> {
      co_await yield();
      socket.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(socket.recvfrom(byte)), close());
    CHECK(outcome.message() == "recvfrom: closed on this side");
  });
}
