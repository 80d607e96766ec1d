// Several loops, one per thread, on one port.
#include <atomic>
#include <thread>
#include <vector>

#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// A client without the library that makes `messages` round trips.
void talk(endpoint const& server, int messages, std::atomic<int>& good) {
  auto const client = raw_connect(server);
  std::string const message = "a message of no great length";
  for (int i = 0; i != messages; ++i) {
    client.send(message);
    good += client.receive_exactly(message.size()) == message;
  }
}

}  // namespace

TEST_CASE("loops on several threads share a port and echo under load", "[threads]") {
  auto const threads = GENERATE(2u, 4u);
  int const messages = scaled(500);
  constexpr int clients_per_driver = 10;
  constexpr int drivers = 4;
  auto const reserved = tcp::listen("127.0.0.1:0", {.reuse_port = true});
  auto const where = reserved.local_endpoint();
  std::vector<tcp::listener> listeners;
  for (unsigned i = 0; i != threads; ++i) listeners.push_back(tcp::listen(where, {.reuse_port = true}));
  const_cast<tcp::listener&>(reserved).close();

  std::atomic<int> good = 0;
  std::atomic<int> running = drivers;
  std::atomic<int> loops_used = 0;
  std::vector<std::thread> load;
  for (int i = 0; i != drivers; ++i)
    load.emplace_back([&] {
      std::vector<std::thread> clients;
      for (int each = 0; each != clients_per_driver; ++each) clients.emplace_back([&] { talk(where, messages, good); });
      for (auto& each : clients) each.join();
      --running;
    });
  run_on_threads(threads, [&](unsigned index) -> task<> {
    auto& listener = listeners[index];
    auto serve = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        while (running != 0) co_await sleep_for(1ms);
        group.cancel();
      });
      bool used = false;
      for (;;) {
        auto accepted = co_await listener.accept();
        loops_used += !std::exchange(used, true);
        group.spawn(echo(std::move(accepted)));
      }
    };
    co_await with_task_group(serve);
  });
  for (auto& each : load) each.join();
  CHECK(good == drivers * clients_per_driver * messages);
  CHECK(loops_used > 1);
}

TEST_CASE("streams can be passed from an accepting loop to serving loops", "[threads]") {
  constexpr unsigned workers = 3;
  int const connections = scaled(300);
  auto listener = tcp::listen("127.0.0.1:0");
  std::atomic<int> good = 0;

  // The workers receive descriptors, since a stream belongs to one loop.
  struct worker {
    event_loop loop;
    task_group* group = nullptr;
  };
  std::vector<worker> all_workers(workers);
  std::atomic<unsigned> ready = 0;
  std::vector<std::thread> threads;
  for (auto& each : all_workers)
    threads.emplace_back([&] {
      try {
        each.loop.run([&]() -> task<> {
          auto wait = [&](task_group& group) -> task<> {
            each.group = &group;
            ++ready;
            co_await sleep_for(1h);
          };
          co_await with_task_group(wait);
        });
      } catch (canceled const&) {}
    });
  std::thread clients([&] {
    for (int i = 0; i != connections; ++i) talk(listener.local_endpoint(), 3, good);
  });
  while (ready != workers) std::this_thread::yield();
  complete([&]() -> task<> {
    for (int i = 0; i != connections; ++i) {
      auto accepted = co_await listener.accept();
      int const descriptor = accepted.release();
      worker& to = all_workers[static_cast<std::size_t>(i) % workers];
      to.loop.post([&to, descriptor] { to.group->spawn(echo(tcp::stream(descriptor))); });
    }
  });
  clients.join();
  for (auto& each : all_workers) each.loop.cancel();
  for (auto& each : threads) each.join();
  CHECK(good == 3 * connections);
}

TEST_CASE("lookups on several threads do not disturb each other", "[threads]") {
  std::atomic<int> found = 0;
  int const times = scaled(200);
  run_on_threads(4, [&](unsigned index) -> task<> {
    for (int i = 0; i != times; ++i) {
      if ((static_cast<unsigned>(i) + index) % 3 == 0) {
        auto const outcome = co_await when_any(resolve("localhost:80"), yield());
        static_cast<void>(outcome);
      } else {
        found += !(co_await resolve("127.0.0.1:80")).empty();
      }
    }
  });
  CHECK(found > 0);
}
