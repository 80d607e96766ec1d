// local::stream: data in both directions, and what each end knows about the other.
#include <algorithm>
#include <array>
#include <string>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t much = 8 * 1024 * 1024;

task<std::string> read_some(local::stream& from) {
  char buffer[64];
  auto const n = co_await from.read(buffer);
  co_return std::string(buffer, n);
}

/// Closes after all tasks that started before have begun to wait.
task<> close_soon(local::stream& what) {
  co_await yield();
  what.close();
}

/// Sends a byte with a descriptor. Linux ends a read after the bytes that a descriptor is attached to, even if more
/// bytes are available.
void send_with_descriptor(raw_socket const& peer, char byte) {
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const note = CMSG_FIRSTHDR(&message);
  note->cmsg_level = SOL_SOCKET;
  note->cmsg_type = SCM_RIGHTS;
  note->cmsg_len = CMSG_LEN(sizeof(int));
  int const passed = peer.get();
  std::copy_n(reinterpret_cast<char const*>(&passed), sizeof passed, CMSG_DATA(note));
  if (::sendmsg(peer.get(), &message, 0) != 1) fail_with_errno("sendmsg");
}

}  // namespace

TEST_CASE("a local client and its server can send bytes to each other") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    co_await between.client.write("question");
    auto const question = co_await read_some(between.server);
    CHECK(question == "question");
    co_await between.server.write("answer");
    auto const answer = co_await read_some(between.client);
    CHECK(answer == "answer");
  });
}

TEST_CASE("a read at the end of a local stream returns 0 every time") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    co_await other.write("last");
    other.close();
    auto const last = co_await read_some(one);
    CHECK(last == "last");
    for (int i = 0; i != 3; ++i) {
      auto const end = co_await read_some(one);
      CHECK(end.empty());
    }
  });
}

TEST_CASE("an end of a local stream that arrives while a read waits ends the read") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    auto const [text, done] = co_await when_all(read_some(one), close_soon(other));
    CHECK(text.empty());
  });
}

TEST_CASE("a local stream that ends in the middle of read_exactly reports how many bytes were received") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    co_await between.client.write("1234");
    between.client.close();
    char buffer[10];
    try {
      co_await between.server.read_exactly(buffer);
      FAIL("nothing was thrown");
    } catch (unexpected_end const& e) {
      CHECK(e.received() == 4);
      CHECK_THAT(e.what(), ContainsSubstring("read from a client of " + directory.file("s")));
    }
  });
}

TEST_CASE("large transfers in both directions at once pass a local connection unchanged") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  std::string bytes(much, '\0');
  fill_pattern(0, bytes.data(), bytes.size());
  complete([&]() -> task<> {
    auto send = [&](local::stream& to) -> task<> {
      auto const n = co_await to.write(bytes);
      CHECK(n == much);
      to.shutdown_write();
    };
    auto receive = [&](local::stream& from) -> task<> {
      std::string part(48 * 1024, '\0');
      std::size_t received = 0;
      while (auto const n = co_await from.read(part)) {
        if (matching_pattern(received, part.data(), n) != n) FAIL("the received bytes differ from the sent bytes");
        received += n;
      }
      CHECK(received == much);
    };
    co_await when_all(send(between.client), send(between.server), receive(between.client), receive(between.server));
  });
}

TEST_CASE("a local stream supports scatter and gather") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    std::string const first = "first ";
    std::string const second = "second";
    std::array<const_buffer, 2> const from{first, second};
    auto const written = co_await one.write(from);
    CHECK(written == 12);
    std::string head(3, '\0');
    std::string rest(9, '\0');
    std::array<mutable_buffer, 2> const into{head, rest};
    co_await other.read_exactly(into);
    CHECK(head == "fir");
    CHECK(rest == "st second");
  });
}

TEST_CASE("a local stream can still read after shutdown_write") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    co_await one.write("question");
    one.shutdown_write();
    std::string question(8, '\0');
    co_await other.read_exactly(question);
    auto const end = co_await read_some(other);
    CHECK(end.empty());
    co_await other.write("answer");
    auto const answer = co_await read_some(one);
    CHECK(answer == "answer");
    auto const late = co_await as_result(one.write("more"));
    CHECK(late.error() == std::errc::broken_pipe);
  });
}

TEST_CASE("a byte that carries a descriptor does not hide the bytes sent after it") {
  auto [stream, other] = local::stream_pair();
  raw_socket const peer(other.release());
  complete([&]() -> task<> {
    std::string both(2, '\0');
    auto send = [&]() -> task<> {
      co_await sleep_for(1ms);  // the reader waits, and the loop has polled the socket
      send_with_descriptor(peer, 'a');
      peer.send("b");
    };
    auto const begun = clock::now();
    auto const [outcome, done] = co_await when_all(as_result(timeout(4s, stream.read_exactly(both))), send());
    CHECK(outcome.message() == "");
    CHECK(clock::now() - begun < 3s);  // before the timeout, not in the last attempt of a canceled operation
    CHECK(both == "ab");
  });
}

TEST_CASE("urgent data on a local stream does not hide the bytes sent after it") {
  auto [stream, other] = local::stream_pair();
  raw_socket const peer(other.release());
  complete([&]() -> task<> {
    std::string both(2, '\0');
    auto send = [&]() -> task<> {
      co_await sleep_for(1ms);
      peer.send("a");
      if (::send(peer.get(), "!", 1, MSG_OOB) != 1) peer.send("");  // supported since Linux 5.15; only MSG_OOB reads it
      peer.send("b");
    };
    auto const begun = clock::now();
    auto const [outcome, done] = co_await when_all(as_result(timeout(4s, stream.read_exactly(both))), send());
    CHECK(outcome.message() == "");
    CHECK(clock::now() - begun < 3s);  // before the timeout, not in the last attempt of a canceled operation
    CHECK(both == "ab");
  });
}

TEST_CASE("both ends of a local connection know the listener's endpoint, even after the peer has closed") {
  temporary_directory const directory;
  auto const at = GENERATE(true, false) ? directory.at("s") : abstract_name();
  local_connection between(at);
  CHECK(between.client.remote_endpoint() == at);
  CHECK(between.client.local_endpoint().is_unnamed());
  CHECK(between.server.local_endpoint() == at);
  CHECK(between.server.remote_endpoint().is_unnamed());
  between.listener.close();
  SECTION("the server") {
    between.server.close();
    CHECK(between.client.remote_endpoint() == at);
    CHECK(between.client.local_endpoint().is_unnamed());
  }
  SECTION("the client") {
    between.client.close();
    CHECK(between.server.local_endpoint() == at);
    CHECK(between.server.remote_endpoint().is_unnamed());
  }
}

TEST_CASE("a client that is bound to a name is identified by it") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  auto const client = raw_bound(SOCK_STREAM, directory.at("client"));
  REQUIRE(connect_raw(client, directory.at("s")) == 0);
  complete([&]() -> task<> {
    auto server = co_await listener.accept();
    CHECK(server.remote_endpoint() == directory.at("client"));
    server.idle_timeout(10ms);
    char byte[1];
    auto const outcome = co_await as_result(server.read(byte));
    CHECK(outcome.message() == "read from " + directory.file("client") + ": timed out");
  });
}

TEST_CASE("the streams of a local pair are connected and unnamed") {
  auto [one, other] = local::stream_pair();
  CHECK(one.local_endpoint().is_unnamed());
  CHECK(one.remote_endpoint().is_unnamed());
  complete([&]() -> task<> {
    co_await one.write("x");
    co_await other.write("y");
    auto const x = co_await read_some(other);
    auto const y = co_await read_some(one);
    CHECK(x == "x");
    CHECK(y == "y");
  });
}

TEST_CASE("the descriptors of local streams and listeners are not inherited by other programs") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  auto [one, other] = local::stream_pair();
  for (int const each : {between.listener.native_handle(), between.server.native_handle(),
                         between.client.native_handle(), one.native_handle(), other.native_handle()})
    CHECK((::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a local stream is closed when it is destroyed") {
  auto [one, other] = local::stream_pair();
  raw_socket const peer(other.release());
  { local::stream const dying(std::move(one)); }
  CHECK(peer.receive().empty());
}

TEST_CASE("a local stream that has been moved from is closed and the new one works") {
  auto [one, other] = local::stream_pair();
  local::stream second(std::move(one));
  CHECK_FALSE(one.is_open());
  local::stream third;
  third = std::move(second);
  CHECK_FALSE(second.is_open());
  complete([&]() -> task<> {
    co_await other.write("x");
    auto const text = co_await read_some(third);
    CHECK(text == "x");
  });
}

TEST_CASE("a default-constructed local stream is closed") {
  local::stream stream;
  CHECK_FALSE(stream.is_open());
  CHECK(stream.native_handle() == -1);
  CHECK(stream.release() == -1);
  CHECK_THROWS_WITH(stream.peer_credentials(), "peer_credentials: closed on this side");
  CHECK_THROWS_WITH(stream.local_endpoint(), "local_endpoint: closed on this side");
  CHECK_THROWS_WITH(stream.remote_endpoint(), "remote_endpoint: closed on this side");
  complete([&]() -> task<> {
    char buffer[1];
    auto const read = co_await as_result(stream.read(buffer));
    CHECK(read.message() == "read: closed on this side");
  });
}

TEST_CASE("a connected local descriptor can be adopted and released again") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  raw_socket const peer(ends[1]);
  local::stream stream(ends[0]);
  CHECK(stream.native_handle() == ends[0]);
  CHECK((::fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
  peer.send("x");
  CHECK(complete([&] { return read_some(stream); }) == "x");
  raw_socket const released(stream.release());
  CHECK(released.get() == ends[0]);
  CHECK_FALSE(stream.is_open());
  released.send("still there");
  CHECK(peer.receive() == "still there");
}

TEST_CASE("a released local stream can be used on another loop") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    co_await other.write("one");
    auto const text = co_await read_some(one);
    CHECK(text == "one");
    co_await other.write("two");
    one = local::stream(one.release());
  });
  CHECK(complete([&] { return read_some(one); }) == "two");
}

TEST_CASE("a descriptor that is not a connected local stream is not adopted, and remains the caller's") {
  auto const before = open_descriptors();
  {
    auto const [tcp, tcp_peer] = raw_pair();
    CHECK_THROWS_WITH(local::stream(tcp.get()),
                      "take over a local connection: the descriptor is a different kind of socket");
    auto const fresh = raw_local(SOCK_STREAM);
    CHECK_THROWS_WITH(local::stream(fresh.get()), ContainsSubstring("take over a local connection: "));
    auto const listener = raw_listener(abstract_name());
    CHECK_THROWS_WITH(local::stream(listener.get()), ContainsSubstring("take over a local connection: "));
    auto const datagram = raw_local(SOCK_DGRAM);
    CHECK_THROWS_WITH(local::stream(datagram.get()),
                      "take over a local connection: the descriptor is a different kind of socket");
    int pipe[2];
    REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
    raw_socket const out(pipe[0]);
    raw_socket const in(pipe[1]);
    CHECK_THROWS_WITH(local::stream(out.get()), ContainsSubstring("take over a local connection: "));
    CHECK_THROWS_WITH(local::stream(-1), "take over a local connection: bad file descriptor");
    for (auto const* each : {&tcp, &fresh, &listener, &datagram, &out}) {
      CHECK(::fcntl(each->get(), F_GETFD) >= 0);
      CHECK((::fcntl(each->get(), F_GETFL) & O_NONBLOCK) == 0);
    }
  }
  CHECK(open_descriptors() == before);
}
