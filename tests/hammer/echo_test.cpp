// Echo under load: every byte must be correct.
#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("thousands of simultaneous clients get every byte back") {
  int const count = connections_that_fit(scaled(3000));
  chance luck;
  CAPTURE(luck.seed(), count);
  auto listener = tcp::listen("127.0.0.1:0");
  std::uint64_t expected = 0;
  std::uint64_t good = 0;
  complete(
      [&]() -> task<> {
        co_await beside_echo_server(listener, [&]() -> task<> {
          auto all = [&](task_group& group) -> task<> {
            for (int i = 0; i != count; ++i) {
              auto const size = luck.between<std::uint64_t>(0, 20'000);
              auto const seed = luck.between<std::uint64_t>(0, 1'000'000'000);
              expected += size;
              group.spawn([&, size, seed]() -> task<> {
                auto stream = co_await tcp::connect(listener.local_endpoint());
                good += co_await exchange_pattern(stream, size, 4096, seed);
              });
            }
            co_return;
          };
          co_await with_task_group(all);
        });
      },
      100s);
  CHECK(good == expected);
}

TEST_CASE("a stream that is written byte by byte arrives completely") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const total = static_cast<std::uint64_t>(scaled(200'000));
  std::uint64_t good = 0;
  complete(
      [&]() -> task<> {
        co_await beside_echo_server(listener, [&]() -> task<> {
          auto stream = co_await tcp::connect(listener.local_endpoint());
          good = co_await exchange_pattern(stream, total, 1, 1);
        });
      },
      100s);
  CHECK(good == total);
}

TEST_CASE("100 MB are echoed correctly through one stream") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const total = static_cast<std::uint64_t>(scaled(100'000'000));
  std::uint64_t good = 0;
  complete(
      [&]() -> task<> {
        co_await beside_echo_server(listener, [&]() -> task<> {
          auto stream = co_await tcp::connect(listener.local_endpoint());
          good = co_await exchange_pattern(stream, total, 256 * 1024, 1);
        });
      },
      100s);
  CHECK(good == total);
}

TEST_CASE("20000 short connections leave nothing behind") {
  int const count = scaled(20'000);
  auto listener = tcp::listen("127.0.0.1:0");
  std::ptrdiff_t before = 0;
  std::ptrdiff_t after = 0;
  int served = 0;
  complete(
      [&]() -> task<> {
        co_await beside_echo_server(listener, [&]() -> task<> {
          before = open_descriptors();
          // Four lanes run concurrently; each makes one connection after another and ends it in its own way.
          auto lane = [&](int ends) -> task<> {
            for (int i = 0; i != count / 4; ++i) {
              auto stream = co_await tcp::connect(listener.local_endpoint());
              char byte[1] = {};
              if (ends != 0) {
                co_await stream.write(byte);
                served += static_cast<int>(co_await stream.read(byte));
              }
              if (ends == 2) stream.shutdown_write();
              if (ends == 3) co_await stream.write(byte);  // an answer that the client does not read
            }
          };
          co_await when_all(lane(0), lane(1), lane(2), lane(3));
          // Waits until the server has noticed the last ends.
          for (int i = 0; i != 1000 && open_descriptors() != before; ++i) co_await sleep_for(1ms);
          after = open_descriptors();
        });
      },
      100s);
  CHECK(served == 3 * (count / 4));
  CHECK(after == before);
}
