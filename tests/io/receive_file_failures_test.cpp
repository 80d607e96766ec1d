// receive_file: what is reported and what is stored when it fails or is canceled.
#include "catch.hpp"

#include <cstdint>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "io/transfers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// How many bytes `receive` has taken and stored, however it ends.
struct transfer_report {
  std::uint64_t stored = 0;
  std::uint64_t taken = 0;
};
template <class Receive>
task<transfer_report> report_of(Receive receive) {
  try {
    auto const size = co_await std::move(receive);
    co_return transfer_report{size, size};
  } catch (canceled const& c) {
    co_return transfer_report{c.transferred(), c.transferred()};
  } catch (file_write_failed const& e) {
    co_return transfer_report{e.transferred(), e.received()};
  } catch (error const& e) {
    co_return transfer_report{e.transferred(), e.transferred()};
  }
}

/// Opens the file read-only, so that writes to it fail.
file read_only(file const& what) {
  auto const path = "/proc/self/fd/" + std::to_string(what.native_handle());
  int const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail_with_errno("open");
  return file(descriptor, "book");
}

}  // namespace

TEST_CASE("a canceled receive_file loses nothing: every byte is in the file or still in the stream") {
  for_each_place([](auto make_file) {
    for (int const when : {0, 1, 2, 3, 5, 8, 13, 21, 50})
      for_each_mixture([&](auto& p) {
        complete([&]() -> task<> {
          auto part = make_file();
          transfer_report came;
          cancel_scope scope;
          auto receive = [&]() -> task<> { came = co_await report_of(receive_file(p.near, part, 0, 6 * mebibyte)); };
          auto body = [&](task_group& group) -> task<> {
            group.spawn(send_pattern(p.client, 0, 6 * mebibyte));
            group.spawn([&]() -> task<> {
              co_await turns(when);
              scope.cancel();
            });
            co_await scope.run(receive());
            auto const is_right = co_await receive_pattern_exactly(p.near, came.stored, 6 * mebibyte - came.stored);
            CHECK(is_right);
          };
          co_await with_task_group(body);
          CHECK(has_pattern(part, 0, 0, came.stored));
        });
      });
  });
}

TEST_CASE("a silent stream ends receive_file with a timeout, and the bytes received are in the file") {
  for_each_place([](auto make_file) {
    for (std::uint64_t const size : {5u, 70'000u, 1'000'000u})
      for_each_mixture([&](auto& p) {
        complete([&]() -> task<> {
          auto part = make_file();
          p.near.idle_timeout(30ms);
          auto attempt = [&]() -> task<> {
            auto const failure = co_await failure_of<timed_out>(receive_file(p.near, part, 0, size + 1000));
            CHECK(failure.transferred() == size);
          };
          co_await when_all(send_pattern(p.client, 0, size), attempt());
          CHECK(has_pattern(part, 0, 0, size));
          CHECK(p.near.bytes_read() == size);
          p.near.idle_timeout(0ms);
        });
      });
  });
}

TEST_CASE("a peer that sends too slowly ends receive_file with a timeout, and the bytes received are in the file") {
  auto part = disk_file();
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  auto& far = near_and_far.second;
  complete([&]() -> task<> {
    far.minimum_receive_rate(1'000'000'000, 50ms);
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        for (std::uint64_t at = 0;; at += 100) {
          co_await send_pattern(near, at, at + 100);
          co_await sleep_for(1ms);
        }
      });
      auto const failure = co_await failure_of<timed_out>(receive_file(far, part, 0, 10 * mebibyte));
      CHECK(failure.transferred() == far.bytes_read());
      CHECK(failure.transferred() != 0);
      CHECK(has_pattern(part, 0, 0, failure.transferred()));
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a stream that ends too early is an unexpected end, and the bytes received are in the file") {
  for_each_place([](auto make_file) {
    on_every_stream([&](auto& near, auto& far) -> task<> {
      auto part = make_file();
      auto attempt = [&]() -> task<> {
        auto const failure = co_await failure_of<unexpected_end>(receive_file(far, part, 0, 100'000));
        CHECK(failure.received() == 70'000);
        CHECK(failure.expected() == 100'000);
      };
      co_await when_all(send_pattern_and_end(near, 70'000), attempt());
      CHECK(has_pattern(part, 0, 0, 70'000));
    });
    on_every_stream([&](auto& near, auto& far) -> task<> {
      auto part = make_file();
      buffered_reader in(far);
      co_await when_all(send_pattern_and_end(near, 10), in.peek(10));
      auto const failure = co_await failure_of<unexpected_end>(receive_file(in, part, 0, 100'000));
      CHECK(failure.received() == 10);
      CHECK(failure.expected() == 100'000);
      CHECK(has_pattern(part, 0, 0, 10));
    });
  });
}

TEST_CASE("a reset is an error, and the bytes received before it are in the file") {
  for_each_place([](auto make_file) {
    auto stream_and_raw = stream_and_peer();
    auto& from = stream_and_raw.first;
    auto& raw = stream_and_raw.second;
    auto part = make_file();
    std::string bytes(100'000, '\0');
    fill_pattern(0, bytes.data(), bytes.size());
    raw.send(bytes);
    complete([&]() -> task<> {
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> {
          while (from.bytes_read() != bytes.size()) co_await yield();
          raw.reset();
        });
        auto const failure = co_await failure_of<error>(receive_file(from, part, 0, mebibyte));
        CHECK(failure.code() == std::errc::connection_reset);
        CHECK(failure.transferred() == bytes.size());
      };
      co_await with_task_group(body);
    });
    CHECK(has_pattern(part, 0, 0, bytes.size()));
  });
}

TEST_CASE("a write failure reports how many bytes were taken, and the stream can be read from there") {
  for_each_place([](auto make_file) {
    for (std::uint64_t const limit : {0u, 5u, 100'000u, 1'000'001u})
      for_each_mixture([&](auto& p) {
        complete([&]() -> task<> {
          constexpr std::uint64_t size = 2 * mebibyte;
          auto part = make_file();
          auto receive = [&]() -> task<bool> {
            std::uint64_t taken = 0;
            {
              file_size_limit const full(limit);
              auto const failure = co_await failure_of<file_write_failed>(receive_file(p.near, part, 0, size));
              CHECK(failure.code() == std::errc::file_too_large);
              CHECK(failure.transferred() == limit);
              CHECK(std::string(failure.what()) == "write to book: file too large");
              taken = failure.received();
            }
            CHECK(taken >= limit);
            CHECK(taken == p.near.bytes_read());
            co_return co_await receive_pattern_exactly(p.near, taken, size + 100 - taken);
          };
          auto const [sent, is_right] = co_await when_all(send_pattern(p.client, 0, size + 100), receive());
          static_cast<void>(sent);
          CHECK(is_right);
          CHECK(has_pattern(part, 0, 0, limit));
        });
      });
  });
}

TEST_CASE("a write failure at the start leaves all bytes in the reader") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    auto const book = disk_file();
    auto refuses = read_only(book);
    buffered_reader in(far);
    co_await when_all(near.write("hello, world"), in.peek(12));
    auto const failure = co_await failure_of<file_write_failed>(receive_file(in, refuses, 0, 5));
    CHECK(failure.code() == std::errc::bad_file_descriptor);
    CHECK(failure.received() == 0);
    CHECK(in.buffered() == "hello, world");
  });
}

TEST_CASE("an exception from the progress callback ends receive_file without loss") {
  for_each_place([](auto make_file) {
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto part = make_file();
        auto receive = [&]() -> task<bool> {
          auto const fail = [](std::uint64_t moved) {
            if (moved > 300'000) throw std::runtime_error("enough");
          };
          co_await failure_of<std::runtime_error>(receive_file(p.near, part, 0, 3 * mebibyte, fail));
          auto const stored = size_of(part);
          CHECK(p.near.bytes_read() == stored);
          co_return co_await receive_pattern_exactly(p.near, stored, 3 * mebibyte - stored);
        };
        auto const [sent, is_right] = co_await when_all(send_pattern(p.client, 0, 3 * mebibyte), receive());
        static_cast<void>(sent);
        CHECK(is_right);
      });
    });
  });
}

TEST_CASE("a concurrent read during receive_file is diagnosed") {
  auto part = disk_file();
  auto near_and_far = stream_pair();
  auto& far = near_and_far.second;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await receive_file(far, part, 0, mebibyte); });
      co_await turns(3);
      auto const failure = co_await failure_of<std::logic_error>(receive_file(far, part, 0, mebibyte));
      CHECK(std::string(failure.what()).find("two reads at once") != std::string::npos);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("receive_file into a closed file takes nothing from the stream") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    file closed;
    co_await near.write("hello");
    auto const failure = co_await failure_of<error>(receive_file(far, closed, 0, 5));
    CHECK(failure.code() == errc::closed);
    auto const got = co_await some_of(far, 5);
    CHECK(got != "");
  });
}
