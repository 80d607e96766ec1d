// Servers in which a single allocation fails: each one in turn, from the first to the last. A failure must cost at most
// one connection, and never the server, a descriptor, or a block of memory.
#include "failing_memory.hpp"

#if STRAIT_TESTS_FAIL_MEMORY

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "datagram_servers.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr int clients = 3;  // concurrent clients; one more comes before and after them

serve_options all_limits() {
  serve_options options{.max_connections = 50,
                        .max_connections_per_peer = 20,
                        .idle_timeout = 1h,
                        .write_timeout = 1h,
                        .minimum_receive_rate = 1,
                        .receive_rate_window = 1h,
                        .connection_timeout = 1h,
                        .drain = 20s,
                        .linger = 20s};
  options.on_connect = [](peer const&) { return true; };
  options.on_event = [](server_event const&) {};
  options.on_drain = [] {};
  return options;
}

// The handlers send a greeting and echo whatever they receive, so that their reads wait.
task<> by_reference(tcp::stream& peer) {
  co_await peer.write("hello\n");
  char buffer[100];
  while (auto const n = co_await peer.read(buffer)) co_await peer.write(const_buffer(buffer, n));
}
task<> by_value(tcp::stream peer) {
  co_await peer.write("hello\n");
  char buffer[100];
  while (auto const n = co_await timeout(1h, peer.read(buffer))) co_await peer.write(const_buffer(buffer, n));
}
task<> by_lines(buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) {
  co_await out.print("hello\n");
  while (auto const line = co_await in.read_line()) co_await out.print("{}\n", *line);
}
task<> by_groups(tcp::stream& peer) {
  co_await peer.write("hello\n");
  char buffer[100];
  for (;;) {
    auto const [got, late] = co_await when_any(peer.read(buffer), sleep_for(1h));
    if (!got || *got == 0) co_return;
    co_await when_all(yield(), peer.write(const_buffer(buffer, *got)));
  }
}

class client {
 public:
  explicit client(endpoint const& server) : socket_(raw_connect(server)) {}
  /// Whether the server greets, answers and then ends the connection gracefully.
  [[nodiscard]] bool is_served() {
    try {
      if (receive_line() != "hello\n") return false;
      socket_.send("how are you\n");
      if (receive_line() != "how are you\n") return false;
      socket_.shutdown_write();
      return receive_line().empty();
    } catch (std::system_error const&) {  // the connection was reset
      return false;
    }
  }

 private:
  std::string receive_line() {
    std::string line;
    while (!line.ends_with('\n')) {
      if (!socket_.is_readable(10'000ms)) throw std::runtime_error("a connection is neither served nor closed");
      auto const more = socket_.receive(100);
      if (more.empty()) break;
      line += more;
    }
    return line;
  }
  raw_socket socket_;
};

/// The result of one run of a server.
struct outcome {
  bool has_failed_allocation = false;
  bool has_begun = true;  // false: there was no memory to start the server
  int unserved = 0;       // number of clients
  bool is_served_again = false;
  server_statistics statistics;
  std::uint64_t errors = 0;  // number of calls of on_error
};

/// Runs a server on whose thread `others` allocations succeed and the next `failures` fail; -1: none fail.
template <class Handler>
outcome run_server(Handler handler, long others, long failures) {
  outcome result;
  auto options = all_limits();
  options.on_error = [&](peer const&, std::exception_ptr) { ++result.errors; };
  server which(options);
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  std::atomic<bool> has_begun = false;
  std::atomic<bool> has_ended = false;
  std::thread serving([&] {
    event_loop loop;
    loop.post([&] {
      allocation_to_fail(others, failures);
      has_begun = true;
    });
    try {
      loop.run(which.serve(std::move(listener), handler));
    } catch (std::bad_alloc const&) {
      result.has_begun = false;
    }
    result.has_failed_allocation = !allocation_is_to_fail();
    allocation_to_fail(-1);
    has_ended = true;
  });
  while (!has_begun) std::this_thread::yield();
  auto const serve_some = [&] {
    if (!client(where).is_served()) ++result.unserved;
    std::vector<client> at_a_time;
    for (int i = 0; i != clients; ++i) at_a_time.emplace_back(where);
    for (auto& each : at_a_time)
      if (!each.is_served()) ++result.unserved;
  };
  try {
    serve_some();
    serve_some();
    for (long i = 0; i <= failures && !result.is_served_again; ++i) result.is_served_again = client(where).is_served();
    client waiting(where);  // accepted before or during shutdown, and has to be drained
    which.stop();
    if (!waiting.is_served()) ++result.unserved;
  } catch (std::system_error const&) {  // connection refused: the server could not start
    which.stop();
  }
  serving.join();
  result.statistics = which.statistics();
  return result;
}

template <class Handler>
void check_sweep(Handler handler) {
  static_cast<void>(run_server(handler, -1, 1));  // allocates what is allocated only once per process
  auto const descriptors = open_descriptors();
  bool has_failed = true;
  long swept = 0;
  for (; has_failed; ++swept) {
    INFO("after " << swept << " allocations");
    REQUIRE(swept < 2000);
#if STRAIT_TESTS_COUNT_ALLOCATIONS
    auto const blocks = live_allocations();
#endif
    auto const result = run_server(handler, swept, 1);
    CHECK(open_descriptors() == descriptors);
#if STRAIT_TESTS_COUNT_ALLOCATIONS
    CHECK(live_allocations() == blocks);
#endif
    CHECK(result.statistics.active == 0);
    CHECK(adds_up(result.statistics));
    if (result.has_begun) {
      CHECK(result.unserved <= 1);
      CHECK(result.is_served_again);
      CHECK(result.statistics.failed <= 1);
      CHECK(result.statistics.aborted == 0);
      CHECK(result.errors <= 1);
      CHECK(result.errors >= result.statistics.failed + result.statistics.timed_out);
      CHECK((result.unserved == 0 || result.errors + result.statistics.accept_back_offs != 0));  // it was reported
    } else {
      CHECK(result.statistics.accepted == 0);
    }
    has_failed = result.has_failed_allocation;
  }
  CHECK(swept > 20);
}

}  // namespace

TEST_CASE("a failed allocation costs a server at most one connection if handlers take references", "[threads]") {
  check_sweep(by_reference);
}
TEST_CASE("a failed allocation costs a server at most one connection if handlers take values", "[threads]") {
  check_sweep(by_value);
}
TEST_CASE("a failed allocation costs a server at most one connection if handlers take readers and writers",
          "[threads]") {
  check_sweep(by_lines);
}
TEST_CASE("a failed allocation costs a server at most one connection if handlers run several tasks", "[threads]") {
  check_sweep(by_groups);
}

TEST_CASE("stopping a server from another thread allocates nothing", "[threads]") {
  server one;
  bool stops_without = false;
  std::thread stopping;
  complete([&]() -> task<> {
    auto const body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        stopping = std::thread([&] {
          allocation_to_fail(0, 1000);
          one.stop();
          stops_without = allocation_is_to_fail();
          allocation_to_fail(-1);
        });
        co_return;
      });
      co_await one.serve(tcp::listen("127.0.0.1:0"), by_reference);
    };
    co_await with_task_group(body);
  });
  stopping.join();
  CHECK(stops_without);
}

TEST_CASE("a server survives a period in which every allocation fails and then serves clients again", "[threads]") {
  for (long others = 0; others < 100; others += 10) {
    INFO("after " << others << " allocations");
    auto const result = run_server(by_lines, others, 40);
    CHECK(result.statistics.active == 0);
    CHECK(adds_up(result.statistics));
    CHECK((result.is_served_again || !result.has_begun));
  }
}

#endif
