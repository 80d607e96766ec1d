// Descriptors that the loop cannot watch because fs.epoll.max_user_watches is reached or memory is short.
#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr char const* reason = ": no space left on device";

/// Makes the next registration of a descriptor with epoll fail.
struct no_room : failing {
  no_room() : failing(system_call::epoll_add, ENOSPC, 1) {}
};

/// The error of `operation`, which must be the first on its socket so that it registers the descriptor.
template <class Operation>
task<error> failure_of(Operation operation) {
  no_room const now;
  try {
    co_await std::move(operation);
  } catch (error const& e) {
    CHECK(failing::left() == 0);
    CHECK(e.code() == std::errc::no_space_on_device);
    co_return e;
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST_CASE("a connect whose socket cannot be watched fails with an error that names the endpoint, and leaks nothing") {
  black_hole const silent;
  complete([&]() -> task<> {
    auto const before = open_descriptors();
    auto const failure = co_await failure_of(tcp::connect(silent.where()));
    CHECK(failure.what() == "connect to " + silent.where().to_string() + ": add the socket to the event loop" + reason);
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("when a connect's socket cannot be watched, the next address is tried") {
  black_hole const silent;
  auto const listener = raw_listener();
  complete([&]() -> task<> {
    no_room const for_the_first;
    std::vector const addresses{silent.where(), listener.where()};
    auto const stream = co_await tcp::connect(addresses, {.attempt_delay = 10s});
    CHECK(stream.remote_endpoint() == listener.where());
  });
}

TEST_CASE("operations on sockets that cannot be watched fail with errors that name them, and succeed later") {
  complete([]() -> task<> {
    auto [stream, peer] = stream_and_peer();
    peer.send("x");
    char byte[1];
    auto const of_read = co_await failure_of(stream.read(byte));
    CHECK(of_read.what() ==
          "add the stream with " + stream.remote_endpoint().to_string() + " to the event loop" + reason);
    auto const read = co_await stream.read(byte);
    CHECK(read == 1);

    auto listener = tcp::listen("127.0.0.1:0");
    auto const client = raw_connect(listener.local_endpoint());
    auto const of_accept = co_await failure_of(listener.accept());
    CHECK(of_accept.what() ==
          "add the listener on " + listener.local_endpoint().to_string() + " to the event loop" + reason);
    auto const accepted = co_await listener.accept();
    CHECK(accepted.remote_endpoint() == client.where());

    auto socket = udp::bind("127.0.0.1:0");
    auto const of_send = co_await failure_of(socket.sendto("x", socket.local_endpoint()));
    CHECK(of_send.what() == "add the socket on " + socket.local_endpoint().to_string() + " to the event loop" + reason);
    co_await socket.sendto("x", socket.local_endpoint());
    auto const received = co_await socket.recv(byte);
    CHECK(received.size == 1);
  });
}

TEST_CASE("run_until_signal fails if signals cannot be watched and leaks nothing") {
  run_until_signal([]() -> task<> { co_return; });  // opens the descriptors that stay open
  auto const before = open_descriptors();
  failing const signals(system_call::epoll_add, ENOSPC, 1'000);
  CHECK_THROWS_AS(run_until_signal([]() -> task<> { co_return; }), error);
  CHECK(open_descriptors() == before);
}
