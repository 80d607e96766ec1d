// send_file: what arrives, and what is reported when it fails or is canceled.
#include "catch.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "io/transfers.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Whether a peer that reads everything receives `size` bytes of the pattern from `offset` on.
template <class Near, class Far>
task<bool> arrives(Near& near, Far& far, file& what, std::uint64_t offset, std::uint64_t size) {
  auto const [sent, is_right] = co_await when_all(send_file(near, what, offset, size),
                                                  receive_pattern_exactly(far, offset, static_cast<std::size_t>(size)));
  co_return is_right&& sent == size;
}

/// Makes the kernel drop the file from the page cache, if the file is on a disk.
void forget(file const& what) {
  ::fsync(what.native_handle());
  ::posix_fadvise(what.native_handle(), 0, 0, POSIX_FADV_DONTNEED);
}

/// Sends to a peer that does not read until `send` fails, and checks that the peer receives `transferred()` bytes.
template <class Send>
void check_what_was_sent(Send send) {
  for_each_place([&](auto make_file) {
    auto book = filled(make_file(), 20 * mebibyte);
    auto pair = stream_pair();
    complete([&]() -> task<> {
      std::uint64_t transferred = 0;
      try {
        co_await send(pair.first, book);
        FAIL("nothing was thrown");
      } catch (canceled const& c) {
        transferred = c.transferred();
      } catch (error const& e) {
        transferred = e.transferred();
      }
      CHECK(transferred != 0);
      CHECK(pair.first.bytes_written() == transferred);
      pair.first.close();
      auto const received = co_await receive_pattern(pair.second);
      CHECK(received == transferred);
    });
  });
}

}  // namespace

TEST_CASE("any part of a file arrives unchanged over every stream") {
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 80'000);
    on_every_stream([&](auto& near, auto& far) -> task<> {
      for (std::uint64_t const offset : {0u, 1u, 4097u})
        for (std::uint64_t const size : {0u, 1u, 4095u, 65'535u, 65'536u, 65'537u}) {
          INFO(size << " bytes from " << offset);
          auto const has_arrived = co_await arrives(near, far, book, offset, size);
          CHECK(has_arrived);
        }
    });
  });
}

TEST_CASE("several megabytes arrive unchanged over sockets") {
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 7 * mebibyte + 3);
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto const has_arrived = co_await arrives(p.client, p.near, book, 0, 7 * mebibyte + 3);
        CHECK(has_arrived);
        auto const has_part_arrived = co_await arrives(p.client, p.near, book, 12'345, 5 * mebibyte + 1);
        CHECK(has_part_arrived);
      });
    });
  });
}

TEST_CASE("bytes that are not in the page cache are read from the disk") {
  auto book = filled(disk_file(), 9 * mebibyte + 1);
  for_each_mixture([&](auto& p) {
    complete([&]() -> task<> {
      forget(book);
      auto const has_arrived = co_await arrives(p.client, p.near, book, 0, 9 * mebibyte + 1);
      CHECK(has_arrived);
      forget(book);
      auto const has_part_arrived = co_await arrives(p.client, p.near, book, 3 * mebibyte + 7, 100);
      CHECK(has_part_arrived);
    });
  });
}

TEST_CASE("a file that ends too early is an unexpected end that names it and reports the bytes sent") {
  for_each_place([](auto make_file) {
    for (std::uint64_t const size : {0u, 5u, 3'000'000u}) {
      auto book = filled(make_file(), size);
      on_every_stream([&](auto& near, auto& far) -> task<> {
        if constexpr (!requires { near.bytes_written(); })
          if (size > 10) co_return;
        std::uint64_t received = 0;
        auto body = [&](task_group& group) -> task<> {
          group.spawn([&]() -> task<> { received = co_await receive_pattern(far); });
          auto const failure = co_await failure_of<unexpected_end>(send_file(near, book, 0, size + 5));
          CHECK(failure.received() == size);
          CHECK(failure.expected() == size + 5);
          CHECK(std::string(failure.what()).starts_with("read from book: unexpected end"));
          near.shutdown_write();
        };
        co_await with_task_group(body);
        CHECK(received == size);
      });
    }
  });
}

TEST_CASE("a canceled send_file reports how many bytes the peer receives") {
  for (int const when : {1, 2, 5, 20})
    check_what_was_sent([&](tcp::stream& to, file& book) -> task<> {
      std::size_t moved = 0;
      auto body = [&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> { moved = co_await moved_by(send_file(to, book, 0, 20 * mebibyte)); });
        co_await turns(when);
        group.cancel();
      };
      co_await with_task_group(body);
      throw canceled(moved);
    });
}

TEST_CASE("a peer that accepts nothing ends send_file with either timeout, and the bytes sent are reported") {
  check_what_was_sent([](tcp::stream& to, file& book) -> task<> {
    to.idle_timeout(30ms);
    co_await send_file(to, book, 0, 20 * mebibyte);
  });
  check_what_was_sent([](tcp::stream& to, file& book) -> task<> {
    to.write_timeout(30ms);
    co_await send_file(to, book, 0, 20 * mebibyte);
  });
}

TEST_CASE("a peer that has closed is an error that names it and raises no signal") {
  sigpipe_counter const signals;
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 8 * mebibyte);
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto body = [&](task_group& group) -> task<> {
          group.spawn([&]() -> task<> {
            auto const failure = co_await failure_of<error>(send_file(p.client, book, 0, 8 * mebibyte));
            CHECK(std::string(failure.what()).starts_with("write to "));
            CHECK(failure.transferred() < 8 * mebibyte);
            auto const again = co_await failure_of<error>(send_file(p.client, book, 0, mebibyte));
            CHECK(again.transferred() == 0);
          });
          co_await turns(3);
          p.near.close();
        };
        co_await with_task_group(body);
      });
    });
  });
  CHECK(signals.seen() == 0);
}

TEST_CASE("a peer that reads slowly receives the whole file") {
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 12 * mebibyte);
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto read = [&]() -> task<> {
          for (std::uint64_t begin = 0; begin != 12 * mebibyte; begin += mebibyte) {
            co_await turns(20);
            auto const is_right = co_await receive_pattern_exactly(p.near, begin, mebibyte);
            CHECK(is_right);
          }
        };
        co_await when_all(send_file(p.client, book, 0, 12 * mebibyte), read());
      });
    });
  });
}

TEST_CASE("the progress of send_file increases and ends with the total") {
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 3 * mebibyte);
    auto near_and_far = stream_pair();
    auto& near = near_and_far.first;
    auto& far = near_and_far.second;
    complete([&]() -> task<> {
      std::vector<std::uint64_t> reported;
      auto const report = [&reported](std::uint64_t moved) { reported.push_back(moved); };
      co_await when_all(send_file(near, book, 0, 3 * mebibyte, report), receive_pattern_exactly(far, 0, 3 * mebibyte));
      CHECK(reported.size() > 2);
      CHECK(reported.size() <= 3 * mebibyte / (64 * kibibyte));
      CHECK(std::is_sorted(reported.begin(), reported.end()));
      CHECK(reported.back() == 3 * mebibyte);
    });
  });
}

TEST_CASE("an exception from the progress callback ends send_file") {
  auto book = filled(disk_file(), 3 * mebibyte);
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  complete([&]() -> task<> {
    auto const fail = [](std::uint64_t) { throw std::runtime_error("enough"); };
    auto const failure = co_await failure_of<std::runtime_error>(send_file(near, book, 0, 3 * mebibyte, fail));
    CHECK(std::string(failure.what()) == "enough");
  });
}

TEST_CASE("send_file counts as a write and a concurrent write is diagnosed") {
  auto book = filled(disk_file(), 20 * mebibyte);
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  complete([&]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await send_file(near, book, 0, 20 * mebibyte); });
      co_await turns(100);
      CHECK(near.bytes_written() != 0);
      auto const failure = co_await failure_of<std::logic_error>(send_file(near, book, 0, 1));
      CHECK(std::string(failure.what()).find("two writes at once") != std::string::npos);
      group.cancel();
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a file whose reads wait is sent when bytes are available and does not block the loop") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    pipe_file slow;
    auto send = [&]() -> task<> {
      auto feed = [&]() -> task<> {
        co_await ticks();
        CHECK(::write(slow.input.native_handle(), "hello", 5) == 5);
      };
      co_await when_all(send_file(near, slow.output, 0, 5), feed());
    };
    co_await send();
    std::string got(5, '\0');
    co_await far.read_exactly(got);
    CHECK(got == "hello");
  });
}

TEST_CASE("a file that does not support sendfile is sent by copying") {
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  auto& far = near_and_far.second;
  complete([&]() -> task<> {
    auto version = co_await open_file("/proc/version");
    std::string text(4096, '\0');
    text.resize(co_await version.read_at(0, text));
    REQUIRE(!text.empty());
    auto const sent = co_await send_file(near, version, 0, text.size());
    CHECK(sent == text.size());
    auto const got = co_await some_of(far, 4096);
    CHECK(got == text);
  });
}

TEST_CASE("a file that is closed or not readable is reported as an error of the file") {
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  temporary_directory const there;
  complete([&]() -> task<> {
    file closed;
    auto const failure = co_await failure_of<error>(send_file(near, closed, 0, 1));
    CHECK(failure.code() == errc::closed);
    auto const options = open_options{.access = file_access::write, .creation = file_creation::truncate};
    auto log = co_await open_file(there.file("log"), options);
    co_await log.write_at(0, "hello");
    auto const refusal = co_await failure_of<error>(send_file(near, log, 0, 5));
    CHECK(refusal.code() == std::errc::bad_file_descriptor);
    CHECK(std::string(refusal.what()).starts_with("read from "));
    CHECK(near.bytes_written() == 0);
  });
}

TEST_CASE("send_file in a canceled scope sends nothing") {
  auto book = filled(disk_file(), 1000);
  on_every_stream([&](auto& near, auto& far) -> task<> {
    cancel_scope scope;
    scope.cancel();
    auto const was_done = co_await scope.run(send_file(near, book, 0, 1000));
    CHECK(!was_done);
    near.shutdown_write();
    auto const got = co_await some_of(far);
    CHECK(got == "");
  });
}

TEST_CASE("send_file leaves no descriptor open") {
  auto book = filled(disk_file(), 4 * mebibyte);
  auto near_and_far = stream_pair();
  auto& near = near_and_far.first;
  auto& far = near_and_far.second;
  auto const before = open_descriptors();
  complete([&]() -> task<> {
    auto const has_arrived = co_await arrives(near, far, book, 0, 4 * mebibyte);
    CHECK(has_arrived);
    static_cast<void>(co_await run_and_cancel([&]() -> task<> { co_await send_file(near, book, 0, 4 * mebibyte); }));
  });
  CHECK(open_descriptors() == before);
}
