// Datagram sockets that are connected or disconnected while operations on them wait.
#include <string>

#include <sys/socket.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Receives all datagrams in the queue, without the library. Returns their number.
int drain(int descriptor) {
  char bytes[2000];
  int count = 0;
  while (::recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT) > 0) ++count;
  return count;
}

/// A pair of sockets of which one sends until the other one's queue is full.
class waiting_sender {
 public:
  waiting_sender() { sender.send_buffer_size(4096); }

  task<> send_until_canceled() {
    std::string const bytes(1000, 'x');
    auto send = [&]() -> task<> {
      for (;;) {
        co_await sender.send(bytes);
        ++sent;
      }
    };
    try {
      was_canceled = !co_await scope.run(send);
    } catch (error const& e) {
      failure = e.what();
    }
  }
  /// Returns when the sender waits.
  task<> fill() {
    for (int before = -1; before != sent;) {
      before = sent;
      for (int i = 0; i != 4; ++i) co_await yield();
    }
  }

  std::pair<local::socket, local::socket> both = local::socket_pair();
  local::socket& sender = both.first;
  local::socket& receiver = both.second;
  cancel_scope scope;
  int sent = 0;
  bool was_canceled = false;
  std::string failure;
};

}  // namespace

TEST_CASE("a send that has just been canceled stays canceled when its socket is disconnected") {
  waiting_sender on;
  complete([&]() -> task<> {
    auto cancel_and_disconnect = [&]() -> task<> {
      co_await on.fill();
      on.scope.cancel();
      on.sender.disconnect();
    };
    co_await when_all(on.send_until_canceled(), cancel_and_disconnect());
  });
  CHECK(on.was_canceled);
  CHECK(on.failure.empty());
  CHECK(on.sent > 0);
}

TEST_CASE("a send that completes in the event in which its socket is disconnected is reported once") {
  waiting_sender on;
  complete([&]() -> task<> {
    int before = 0;
    auto disconnect_on_reply = [&]() -> task<> {
      char reply[10];
      co_await on.sender.recv(reply);
      on.sender.disconnect();
      drain(on.receiver.native_handle());  // with a full queue the kernel would report that before the missing peer
    };
    auto make_room_and_reply = [&]() -> task<> {
      co_await on.fill();
      before = drain(on.receiver.native_handle());
      if (::send(on.receiver.native_handle(), "reply", 5, 0) != 5) fail_with_errno("send");
    };
    co_await when_all(on.send_until_canceled(), disconnect_on_reply(), make_room_and_reply());
    CHECK(before > 0);
  });
  CHECK_FALSE(on.was_canceled);
  CHECK(on.failure.find("send to (not connected)") == 0);
}
