// Ten thousand open connections in one process.
#include <algorithm>
#include <vector>

#include <malloc.h>
#include <sys/wait.h>

#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// The number of bytes that this process has allocated and not freed.
long in_use() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  auto const memory = ::mallinfo2();
  return static_cast<long>(memory.uordblks + memory.hblkhd);
#else
  return 0;
#endif
}

/// A process that holds the clients' ends: it connects `count` times, exchanges a byte on each connection, reports it,
/// and closes on command. A separate process, since the descriptor limit may not leave room for both ends.
class client_process {
 public:
  client_process(endpoint const& server, int count) {
    auto [ours, theirs] = raw_pair();
    control_ = std::move(ours);
    process_ = ::fork();
    if (process_ == 0) {
      control_.close();
      ::_exit(hold(server, count, theirs) ? 0 : 1);
    }
  }
  client_process(client_process const&) = delete;
  client_process& operator=(client_process const&) = delete;
  ~client_process() { control_.close(); }

  [[nodiscard]] tcp::stream control() { return tcp::stream(::dup(control_.get())); }
  [[nodiscard]] bool ended_well() {
    control_.close();
    int status = -1;
    return ::waitpid(process_, &status, 0) == process_ && status == 0;
  }

 private:
  static bool hold(endpoint const& server, int count, raw_socket const& control) {
    try {
      std::vector<raw_socket> clients;
      for (int i = 0; i != count; ++i) {
        clients.push_back(raw_connect(server));
        clients.back().send("x");
      }
      for (auto const& each : clients)
        if (each.receive_exactly(1) != "x") return false;
      control.send("all there");
      static_cast<void>(control.receive_to_the_end());
      return true;
    } catch (std::exception const&) {
      return false;
    }
  }
  raw_socket control_;
  pid_t process_ = -1;
};

}  // namespace

TEST_CASE("10000 simultaneous connections are held and closed without a leak") {
  auto const room = raise_descriptor_limit();
  int const count = std::min(scaled(10'000), static_cast<int>(room) - 200);
  std::vector<long> held;
  std::vector<long> closed;
  auto const before = open_descriptors();
  for (int round = 0; round != 3; ++round) {
    auto listener = tcp::listen("127.0.0.1:0");
    client_process clients(listener.local_endpoint(), count);
    complete(
        [&]() -> task<> {
          co_await beside_echo_server(listener, [&]() -> task<> {
            auto control = clients.control();
            char word[9];
            co_await control.read_exactly(word);
            CHECK(open_descriptors() >= before + count);
            held.push_back(in_use());
          });
        },
        100s);
    listener.close();
    CHECK(clients.ended_well());
    CHECK(open_descriptors() == before);
    closed.push_back(in_use());
  }
  CAPTURE(held, closed);
  if (!is_sanitized) {
    CHECK(held[0] < 16L * 1024 * count);  // an echo task has a buffer of 8 KiB
    // The first round is a warm-up; the later ones must need no more memory.
    CHECK(held[2] < held[1] + 256 * 1024);
    CHECK(closed[2] < closed[1] + 256 * 1024);
  }
}
