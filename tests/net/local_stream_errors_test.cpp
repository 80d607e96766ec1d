// local::stream: peers that close, deadlines, cancellation, and the credentials of the peer.
#include <stdexcept>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t much = 16 * 1024 * 1024;

/// Cancels after all tasks that started before have begun to wait.
task<> cancel_soon(cancel_scope& scope) {
  for (int i = 0; i != 4; ++i) co_await yield();
  scope.cancel();
}

}  // namespace

TEST_CASE("a write to a local peer that has closed fails with an error that names it, and raises no signal") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  local_connection between(directory.at("s"));
  SECTION("by a client") {
    between.server.close();
    complete([&]() -> task<> {
      auto const outcome = co_await as_result(between.client.write("x"));
      CHECK(outcome.error() == std::errc::broken_pipe);
      CHECK(outcome.message() == "write to " + path + ": broken pipe");
    });
  }
  SECTION("by a server") {
    between.client.close();
    complete([&]() -> task<> {
      auto const outcome = co_await as_result(between.server.write("x"));
      CHECK(outcome.message() == "write to a client of " + path + ": broken pipe");
    });
  }
}

TEST_CASE("a write that waits ends when the local peer closes and reports the bytes sent") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    auto close = [&]() -> task<> {
      co_await yield();
      between.server.close();
    };
    auto write = [&]() -> task<> {
      try {
        co_await between.client.write(bytes);
        FAIL("nothing was thrown");
      } catch (error const& e) {
        CHECK_THAT(e.what(), ContainsSubstring("write to " + directory.file("s")));
        CHECK(e.transferred() > 0);
        CHECK(e.transferred() < much);
      }
    };
    co_await when_all(write(), close());
  });
}

TEST_CASE("a local peer that closes with unread input resets the connection") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    co_await between.client.write("never read");
    between.server.close();
    char buffer[16];
    auto const outcome = co_await as_result(between.client.read(buffer));
    CHECK(outcome.error() == std::errc::connection_reset);
    CHECK(outcome.message() == "read from " + directory.file("s") + ": connection reset by peer");
    auto const then = co_await as_result(between.client.read(buffer));
    CHECK(then.error() == std::errc::connection_reset);  // not the end of the stream
  });
}

TEST_CASE("a reset that arrives while a read waits ends the read") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    co_await between.client.write("never read");
    char buffer[16];
    auto close = [&]() -> task<> {
      co_await yield();
      between.server.close();
    };
    auto const [outcome, done] = co_await when_all(as_result(between.client.read(buffer)), close());
    CHECK(outcome.error() == std::errc::connection_reset);
  });
}

TEST_CASE("a reset of a local client is reported with the path of its listener") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    co_await between.server.write("never read");
    between.client.close();
    char buffer[16];
    auto const outcome = co_await as_result(between.server.read(buffer));
    CHECK(outcome.message() == "read from a client of " + directory.file("s") + ": connection reset by peer");
  });
}

TEST_CASE("an idle local connection times out with an error that names the peer") {
  auto const at = abstract_name();
  local_connection between(at);
  complete([&]() -> task<> {
    between.server.idle_timeout(10ms);
    between.client.idle_timeout(10ms);
    char buffer[16];
    auto const server = co_await as_result(between.server.read(buffer));
    CHECK(server.error() == std::errc::timed_out);
    CHECK(server.message() == "read from a client of " + at.to_string() + ": timed out");
    auto const client = co_await as_result(between.client.read(buffer));
    CHECK(client.message() == "read from " + at.to_string() + ": timed out");
    co_await between.client.write("again");
    auto const n = co_await between.server.read(buffer);
    CHECK(n == 5);
  });
}

TEST_CASE("a write to a local peer that never reads ends with the idle timeout and reports the bytes sent") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    between.client.idle_timeout(20ms);
    std::string const bytes(much, 'x');
    std::size_t sent = 0;
    try {
      co_await between.client.write(bytes);
      FAIL("nothing was thrown");
    } catch (timed_out const& e) {
      CHECK(std::string(e.what()) == "write to " + directory.file("s") + ": timed out");
      sent = e.transferred();
    }
    between.client.close();
    std::size_t received = 0;
    std::string part(65536, '\0');
    while (auto const n = co_await between.server.read(part)) received += n;
    CHECK(received == sent);
    CHECK(sent > 0);
  });
}

TEST_CASE("a timeout of an unnamed local stream is reported as such") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    one.idle_timeout(10ms);
    char buffer[1];
    auto const outcome = co_await as_result(one.read(buffer));
    CHECK(outcome.message() == "read from (unnamed): timed out");
  });
}

TEST_CASE("a canceled local read keeps the bytes and reports their number") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    std::string buffer(10, '\0');
    std::size_t got = 0;
    cancel_scope scope;
    auto read = [&]() -> task<> { got = co_await moved_by(one.read_exactly(buffer)); };
    co_await other.write("0123");
    co_await when_all(scope.run(read), cancel_soon(scope));
    REQUIRE(got == 4);
    co_await other.write("456789");
    co_await one.read_exactly(mutable_buffer(buffer.data() + got, buffer.size() - got));
    CHECK(buffer == "0123456789");
  });
}

TEST_CASE("a canceled local write has sent exactly the bytes that it reports") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    std::string bytes(much, '\0');
    fill_pattern(0, bytes.data(), bytes.size());
    std::size_t sent = 0;
    cancel_scope scope;
    auto write = [&]() -> task<> { sent = co_await moved_by(one.write(bytes)); };
    co_await when_all(scope.run(write), cancel_soon(scope));
    CHECK(sent > 0);
    CHECK(sent < much);
    one.close();
    std::string all;
    std::string part(65536, '\0');
    while (auto const n = co_await other.read(part)) all.append(part, 0, n);
    CHECK((all == bytes.substr(0, sent)));
  });
}

TEST_CASE("bytes that arrive together with a cancel are delivered") {
  auto [one, other] = local::stream_pair();
  raw_socket const peer(other.release());
  complete([&]() -> task<> {
    char buffer[16];
    cancel_scope scope;
    auto send_and_cancel = [&]() -> task<> {
      co_await yield();
      peer.send("x");
      scope.cancel();  // before the loop has been notified of the bytes
    };
    auto const [n, done] = co_await when_all(scope.run(one.read(buffer)), send_and_cancel());
    CHECK(n == std::size_t{1});
  });
}

TEST_CASE("two concurrent readers of a local stream are diagnosed and the first one continues") {
  temporary_directory const directory;
  local_connection between(directory.at("s"));
  complete([&]() -> task<> {
    char one[4];
    char two[4];
    auto second = [&]() -> task<> {
      co_await yield();
      try {
        co_await between.server.read(two);
        FAIL("nothing was thrown");
      } catch (std::logic_error const& e) {
        CHECK(std::string(e.what()) == "strait: two reads at once on the stream with a client of " +
                                           directory.file("s") + ": one task at a time may read it");
      }
      co_await between.client.write("x");
    };
    auto const [n, done] = co_await when_all(between.server.read(one), second());
    CHECK(n == 1);
  });
}

TEST_CASE("operations on a local stream end when it is closed") {
  auto [one, other] = local::stream_pair();
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    char buffer[1];
    auto close = [&]() -> task<> {
      co_await yield();
      one.close();
    };
    auto const [written, read, done] =
        co_await when_all(as_result(one.write(bytes)), as_result(one.read(buffer)), close());
    CHECK(written.error() == errc::closed);
    CHECK(read.error() == errc::closed);
  });
}

TEST_CASE("a connection that is not accepted before its listener closes is reset") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  complete([&]() -> task<> {
    auto client = co_await local::connect(directory.at("s"));
    listener.close();
    char buffer[1];
    auto const outcome = co_await as_result(client.read(buffer));
    CHECK(outcome.message() == "read from " + directory.file("s") + ": connection reset by peer");
  });
}

TEST_CASE("within one process, the peer's credentials are those of this process") {
  local_connection const between(abstract_name());
  auto const [one, other] = local::stream_pair();
  for (auto const* each : {&between.server, &between.client, &one, &other}) {
    auto const peer = each->peer_credentials();
    CHECK(peer.pid == static_cast<int>(::getpid()));
    CHECK(peer.uid == ::geteuid());
    CHECK(peer.gid == ::getegid());
  }
}

TEST_CASE("a server can query the process of its client even after that has exited") {
  auto const at = abstract_name();
  auto listener = local::listen(at);
  another_process client([&] { return raw_connect(at); });
  auto const server = complete([&]() -> task<local::stream> { co_return co_await listener.accept(); });
  auto const id = static_cast<int>(client.id());
  CHECK(server.peer_credentials().pid == id);
  CHECK(server.peer_credentials().uid == ::getuid());
  client.kill();
  CHECK(server.peer_credentials().pid == id);
}

TEST_CASE("a client can query the process that listens") {
  auto const at = abstract_name();
  another_process const server([&] { return raw_listener(at); });
  auto const client = complete([&]() -> task<local::stream> { co_return co_await local::connect(at); });
  CHECK(client.peer_credentials().pid == static_cast<int>(server.id()));
}

TEST_CASE("the peer's user and group are its own and not those of this process") {
  if (::geteuid() != 0) return;  // only root can change the user
  auto const at = abstract_name();
  auto listener = local::listen(at);
  another_process const client([&] {
    if (::setgid(65533) != 0 || ::setuid(65534) != 0) fail_with_errno("setuid");
    return raw_connect(at);
  });
  auto const server = complete([&]() -> task<local::stream> { co_return co_await listener.accept(); });
  CHECK(server.peer_credentials().uid == 65534);
  CHECK(server.peer_credentials().gid == 65533);
}
