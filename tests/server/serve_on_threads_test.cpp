// One server on several loops, each on a thread of its own.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "catch.hpp"
#include "sanitized.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }

/// Serves each listener on a loop and a thread of its own until the server is stopped.
class server_threads {
 public:
  template <class Handler>
  server_threads(server& which, std::vector<tcp::listener> listeners, Handler handler) {
    for (auto& each : listeners)
      threads_.emplace_back(
          [this, &which, handler, own = std::move(each)]() mutable { add(run(which.serve(std::move(own), handler))); });
  }
  /// Waits for the threads and returns the sum of their statistics.
  server_statistics join() {
    for (auto& each : threads_) each.join();
    return sum_;
  }

 private:
  void add(server_statistics const& one) {
    std::lock_guard const lock(mutex_);
    sum_ += one;
  }
  std::mutex mutex_;
  server_statistics sum_;
  std::vector<std::thread> threads_;
};

/// One request and one answer on a blocking socket.
void exchange(endpoint const& where) {
  auto const client = raw_connect(where);
  client.send("hello");
  if (client.receive_exactly(5) != "hello") throw std::runtime_error("a wrong answer");
  client.shutdown_write();
  static_cast<void>(client.receive_to_the_end());
}

}  // namespace

TEST_CASE("a server on several loops adds up its statistics while it runs and at the end", "[threads]") {
  unsigned const threads = GENERATE(2u, 4u);
  auto listeners = tcp::listen_shared("127.0.0.1:0", threads);
  auto const where = listeners.front().local_endpoint();
  server which;
  server_threads all(which, std::move(listeners), echo_to_reference);
  int const count = scaled(200);
  for (int i = 0; i != count; ++i) exchange(where);
  auto const meanwhile = which.statistics();
  CHECK(adds_up(meanwhile));
  CHECK(meanwhile.accepted == static_cast<unsigned>(count));
  which.stop();
  auto const sum = all.join();
  CHECK(sum.to_string() == which.statistics().to_string());
  CHECK(sum.served == static_cast<unsigned>(count));
  CHECK(sum.active == 0);
  CHECK(sum.bytes_received == static_cast<unsigned>(5 * count));
}

TEST_CASE("statistics that are read while other threads count are consistent at any time", "[threads]") {
  auto listeners = tcp::listen_shared("127.0.0.1:0", 2);
  auto const where = listeners.front().local_endpoint();
  server which;
  server_threads all(which, std::move(listeners), echo_to_reference);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::thread reader([&] {
    std::uint64_t before = 0;
    while (!done) {
      auto const now = which.statistics();
      if (!adds_up(now) || now.active > 1 || now.accepted < before) ++wrong;
      before = now.accepted;
      std::this_thread::yield();
    }
  });
  for (int i = 0; i != scaled(300); ++i) exchange(where);
  done = true;
  reader.join();
  which.stop();
  all.join();
  // The end of a connection may be counted after the client has seen it and another connection has been accepted.
  CHECK(wrong <= scaled(300));
}

TEST_CASE("fault 08: the limit applies to all loops together and no waiting connection is lost", "[threads]") {
  auto listeners = tcp::listen_shared("127.0.0.1:0", 3);
  auto const where = listeners.front().local_endpoint();
  server which({.max_connections = 3});
  std::atomic<int> here = 0;
  std::atomic<int> most = 0;
  auto const handler = [&](tcp::stream& peer) -> task<> {
    int const now = ++here;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    co_await echo(peer);
    --here;
  };
  server_threads all(which, std::move(listeners), handler);
  std::vector<std::thread> clients;
  std::atomic<int> served = 0;
  for (int i = 0; i != 8; ++i)
    clients.emplace_back([&] {
      for (int n = 0; n != scaled(50); ++n, ++served) exchange(where);
    });
  for (auto& each : clients) each.join();
  which.stop();
  auto const sum = all.join();
  CHECK(served == 8 * scaled(50));
  CHECK(sum.served == static_cast<unsigned>(served));
  CHECK(most <= 3);
}

TEST_CASE("connections that lose the race for the last place are rejected, and block no other connection",
          "[threads]") {
  auto listeners = tcp::listen_shared("127.0.0.1:0", 3);
  auto const where = listeners.front().local_endpoint();
  server which({.max_connections = 2, .when_full = overload::reject});
  server_threads all(which, std::move(listeners), echo_to_reference);
  std::vector<std::thread> clients;
  std::atomic<int> served = 0;
  std::atomic<int> rejected = 0;
  for (int i = 0; i != 6; ++i)
    clients.emplace_back([&] {
      for (int n = 0; n != scaled(100); ++n) {
        auto const client = raw_connect(where);
        try {
          client.send("hello");
          ++(client.receive().empty() ? rejected : served);
          client.shutdown_write();
          static_cast<void>(client.receive_to_the_end());
        } catch (std::system_error const&) {
          ++rejected;  // reset, since it had sent data
        }
      }
    });
  for (auto& each : clients) each.join();
  which.stop();
  auto const sum = all.join();
  CHECK(adds_up(sum));
  CHECK(sum.served == static_cast<unsigned>(served));
  CHECK(sum.rejected == static_cast<unsigned>(rejected));
}

TEST_CASE("stop can be called from another thread, before the loops run, while they run, and twice", "[threads]") {
  for (int i = 0; i != scaled(50); ++i) {
    auto listeners = tcp::listen_shared("127.0.0.1:0", 2);
    server which;
    if (i % 3 == 0) which.stop();
    server_threads all(which, std::move(listeners), echo_to_reference);
    which.stop();
    which.stop();
    CHECK(all.join().active == 0);
  }
}

TEST_CASE("serve_on_threads serves until a signal, drains, and returns the summed statistics", "[threads]") {
  auto listeners = tcp::listen_shared("127.0.0.1:0", 2);
  auto const where = listeners.front().local_endpoint();
  std::mutex mutex;
  std::set<std::thread::id> threads;
  auto const handler = [&](tcp::stream& peer) -> task<> {
    {
      std::lock_guard const lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    co_await echo(peer);
  };
  std::thread client([&] {
    for (int i = 0; i != 20; ++i) exchange(where);
    auto const last = raw_connect(where);
    last.send("hello");
    static_cast<void>(last.receive_exactly(5));
    ::kill(::getpid(), SIGTERM);
    last.send("still");  // the server drains
    static_cast<void>(last.receive_exactly(5));
  });
  auto const statistics = serve_on_threads(std::move(listeners), handler);
  client.join();
  CHECK(statistics.served == 21);
  CHECK(statistics.active == 0);
  CHECK(threads.size() <= 2);
}

TEST_CASE("serve_on_threads creates its listeners and throws if it cannot", "[threads]") {
  auto const taken = tcp::listen("127.0.0.1:0");
  auto const where = taken.local_endpoint();
  auto const in_use = fmt::format("listen on {}: address already in use", where);
  CHECK_THROWS_WITH(serve_on_threads(2, where, echo_to_reference), in_use);
  CHECK_THROWS_WITH(serve_on_threads(2, where.to_string(), echo_to_reference), in_use);
}

TEST_CASE("serve_on_threads ends on all threads with the error of a listener that fails", "[threads]") {
  auto listeners = tcp::listen_shared("127.0.0.1:0", 2);
  raw_socket bound(::socket(AF_INET, SOCK_STREAM, 0));  // does not listen
  listeners.emplace_back(bound.release());
  CHECK_THROWS_WITH(serve_on_threads(std::move(listeners), echo_to_reference), "accept on 0.0.0.0:0: invalid argument");
}
