// copy(): all bytes of one stream into another, for every kind of stream.
#include "catch.hpp"

#include <random>
#include <string>

#include <strait/io/duplex.hpp>

#include "io/copies.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

constexpr std::uint64_t megabyte = 1024 * 1024;

/// A user-defined stream.
class words {
 public:
  explicit words(std::vector<std::string> all) : all_(std::move(all)) {}
  task<std::size_t> read(mutable_buffer into) {
    if (next_ == all_.size()) co_return std::size_t{0};
    auto const& word = all_[next_++];
    co_return word.copy(static_cast<char*>(into.data()), into.size());
  }

 private:
  std::vector<std::string> all_;
  std::size_t next_ = 0;
};

class collector {
 public:
  task<std::size_t> write(const_buffer from) {
    text.append(static_cast<char const*>(from.data()), from.size());
    co_return from.size();
  }
  task<std::size_t> write(const_buffers from) {
    for (auto const& each : from) text.append(static_cast<char const*>(each.data()), each.size());
    co_return total_size(from);
  }
  std::string text;
};

}  // namespace

TEST_CASE("copy returns the number of bytes and does not shut down its target") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    co_await p.client.write("hello");
    p.client.shutdown_write();
    auto const size = co_await copy(p.near, p.far);
    CHECK(size == 5);
    co_await p.far.write(", world");
    p.far.shutdown_write();
    auto const text = co_await all_of(p.server);
    CHECK(text == "hello, world");
  });
}

TEST_CASE("a copy of a stream that ends at once returns 0") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    p.client.shutdown_write();
    auto const size = co_await copy(p.near, p.far);
    CHECK(size == 0);
  });
}

TEST_CASE("large copies between sockets of any kind arrive unchanged") {
  for_each_mixture([](auto& p) {
    complete([&]() -> task<> {
      auto move = [&]() -> task<std::uint64_t> {
        auto const size = co_await copy(p.near, p.far);
        p.far.shutdown_write();
        co_return size;
      };
      auto [sent, size, received] =
          co_await when_all(send_pattern_and_end(p.client, 20 * megabyte), move(), receive_pattern(p.server));
      static_cast<void>(sent);
      CHECK(size == 20 * megabyte);
      CHECK(received == 20 * megabyte);
    });
  });
}

TEST_CASE("small messages and large amounts of data can alternate") {
  for_each_mixture([](auto& p) {
    complete([&]() -> task<> {
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> { co_await copy(p.near, p.far); });
        std::uint64_t position = 0;
        for (int round = 0; round != 5; ++round)
          for (std::size_t const size :
               {1u, 64u, 16'384u, 16'384u, 16'385u, 300'000u, 64u, 2'000'000u, 16'383u, 1u, 1u, 32'768u}) {
            auto [sent, is_right] = co_await when_all(send_pattern(p.client, position, position + size),
                                                      receive_pattern_exactly(p.server, position, size));
            static_cast<void>(sent);
            CHECK(is_right);
            position += size;
          }
        group.cancel();
      };
      co_await with_task_group(body);
    });
  });
}

TEST_CASE("copy works with streams in memory, user-defined streams and sockets") {
  auto a_and_b = duplex({.max_chunk = 100, .seed = 7});
  auto& a = a_and_b.first;
  auto& b = a_and_b.second;
  auto c_and_d = stream_pair();
  auto& c = c_and_d.first;
  auto& d = c_and_d.second;
  complete([&]() -> task<> {
    auto memory_to_socket = [&]() -> task<> {
      auto const size = co_await copy(b, c);
      CHECK(size == 300'000);
      c.shutdown_write();
    };
    auto [sent, moved, received] =
        co_await when_all(send_pattern_and_end(a, 300'000), memory_to_socket(), receive_pattern(d));
    static_cast<void>(sent);
    static_cast<void>(moved);
    CHECK(received == 300'000);
  });
  words from({"to", "ge", "ther"});
  collector to;
  auto const size = complete([&] { return copy(from, to); });
  CHECK(size == 8);
  CHECK(to.text == "together");
}

TEST_CASE("a copy to a peer that does not read stops reading its source") {
  for_each_mixture([](auto& p) {
    for (auto* each : {static_cast<socket_stream*>(&p.client), static_cast<socket_stream*>(&p.near),
                       static_cast<socket_stream*>(&p.far), static_cast<socket_stream*>(&p.server)}) {
      each->send_buffer_size(64 * 1024);
      each->receive_buffer_size(64 * 1024);
    }
    complete([&]() -> task<> {
      std::uint64_t sent = 0;
      cancel_scope sending;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          co_await copy(p.near, p.far);
          p.far.shutdown_write();
        });
        group.spawn([&]() -> task<> {
          std::vector<char> bytes(4096);
          auto send = [&]() -> task<> {
            for (std::size_t moved = bytes.size(); moved == bytes.size(); sent += moved) {
              fill_pattern(sent, bytes.data(), bytes.size());
              moved = co_await moved_by(p.client.write(bytes));
            }
          };
          co_await sending.run(send());
          p.client.shutdown_write();
        });
        std::uint64_t before = 1;
        for (int quiet = 0; quiet != 500; quiet = before == sent && sent != 0 ? quiet + 1 : 0) {
          before = sent;
          co_await turns(1);
        }
        CHECK(sent < 3 * megabyte);
        sending.cancel();
        auto const received = co_await receive_pattern(p.server);
        CHECK(received == sent);
      };
      co_await with_task_group(body);
    });
  });
}

TEST_CASE("a copy that starts in a canceled scope transfers nothing") {
  auto p = tcp_passage();
  complete([&]() -> task<> {
    co_await p.client.write("hello");
    cancel_scope scope;
    scope.cancel();
    auto moved = std::size_t{1};
    auto attempt = [&]() -> task<> { moved = co_await moved_by(copy(p.near, p.far)); };
    co_await scope.run(attempt());
    CHECK(moved == 0);
    auto const text = co_await some_of(p.near);
    CHECK(text == "hello");
  });
}

TEST_CASE("bytes that a copy has read when it is canceled are written if that does not need to wait") {
  for_each_mixture([](auto& p) {
    complete([&]() -> task<> {
      cancel_scope scope;
      std::size_t moved = 0;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          auto attempt = [&]() -> task<> { moved = co_await moved_by(copy(p.near, p.far)); };
          co_await scope.run(attempt());
        });
        co_await turns(3);
        co_await p.client.write("hello");
        scope.cancel();
      };
      co_await with_task_group(body);
      CHECK(moved == 5);
      p.far.close();
      auto const text = co_await all_of(p.server);
      CHECK(text == "hello");
    });
  });
}

TEST_CASE("a stream can be copied to itself as an echo") {
  auto pair = stream_pair();
  complete([&]() -> task<> {
    auto echo = [&]() -> task<> {
      auto const size = co_await copy(pair.second, pair.second);
      CHECK(size == 10 * megabyte);
      pair.second.shutdown_write();
    };
    auto [sent, echoed, received] =
        co_await when_all(send_pattern_and_end(pair.first, 10 * megabyte), echo(), receive_pattern(pair.first));
    static_cast<void>(sent);
    static_cast<void>(echoed);
    CHECK(received == 10 * megabyte);
  });
}

TEST_CASE("a copy that is canceled at any time reports the number of bytes delivered") {
  std::mt19937 random(5);
  for (int round = 0; round != scaled(20); ++round)
    for_each_mixture([&](auto& p) {
      auto const at_once = std::uniform_int_distribution<std::size_t>(1, 400'000)(random);
      auto const when = std::uniform_int_distribution<int>(0, 60)(random);
      bool const is_slow = round % 3 == 0;
      complete([&]() -> task<> {
        std::size_t moved = 0;
        std::uint64_t received = 0;
        cancel_scope scope;
        cancel_scope sending;
        auto body = [&](task_group& group) -> task<> {
          group.spawn([&]() -> task<> {
            auto send = [&]() -> task<> { co_await send_pattern(p.client, 0, 1000 * megabyte, at_once); };
            co_await sending.run(send());
          });
          group.spawn([&]() -> task<> {
            auto attempt = [&]() -> task<> { moved = co_await moved_by(copy(p.near, p.far)); };
            co_await scope.run(attempt());
            p.far.close();
          });
          if (!is_slow) group.spawn([&]() -> task<> { received = co_await receive_pattern(p.server); });
          co_await turns(when);
          scope.cancel();
          sending.cancel();
          if (is_slow) {
            co_await turns(5);
            received = co_await receive_pattern(p.server);
          }
        };
        co_await with_task_group(body);
        CHECK(moved == received);
      });
    });
}

TEST_CASE("fault 21: a copy from a buffered reader that is canceled loses nothing") {
  auto [client, proxied] = duplex();
  auto [proxy, server] = duplex({.capacity = 10});
  complete([&, &source = client, &from = proxied, &to = proxy, &sink = server]() -> task<> {
    co_await source.write("a line\nand 23 bytes of the rest");
    buffered_reader in(from);
    auto const line = co_await in.read_line();
    CHECK(line == "a line");
    std::size_t written = 0;
    auto copying = [&]() -> task<> {
      try {
        co_await copy(in, to);
      } catch (canceled const& c) {
        written = c.transferred();
        throw;
      }
    };
    bool const copied = co_await run_and_cancel(copying);
    CHECK_FALSE(copied);
    CHECK(written == 10);
    CHECK(in.buffered() == "es of the rest");
    source.shutdown_write();
    auto rest = [&]() -> task<std::uint64_t> {
      auto const size = co_await copy(in, to);
      to.shutdown_write();
      co_return size;
    };
    auto const [all, size] = co_await when_all(all_of(sink), rest());
    CHECK(all == "and 23 bytes of the rest");
    CHECK(size == 14);
  });
}
