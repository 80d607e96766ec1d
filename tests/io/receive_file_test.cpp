// receive_file: the contents of the file, the bytes that remain in the stream, and the progress callback.
#include "catch.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>

#include "io/transfers.hpp"
#include "sanitized.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("receive_file stores exactly the requested bytes at the requested offset from every stream") {
  for_each_place([](auto make_file) {
    on_every_stream([&](auto& near, auto& far) -> task<> {
      for (std::uint64_t const offset : {0u, 1u, 4097u})
        for (std::uint64_t const size : {0u, 1u, 4095u, 65'535u, 65'536u, 65'537u}) {
          INFO(size << " bytes to " << offset);
          auto part = make_file();
          auto const receive = [&]() -> task<bool> {
            auto const stored = co_await receive_file(far, part, offset, size);
            auto const behind = co_await receive_pattern_exactly(far, size, 10);
            co_return stored == size&& behind;
          };
          auto const [sent, is_right] = co_await when_all(send_pattern(near, 0, size + 10), receive());
          static_cast<void>(sent);
          CHECK(is_right);
          if (size != 0) CHECK(has_pattern(part, offset, 0, size));
        }
    });
  });
}

TEST_CASE("several megabytes are stored and the bytes after them remain in the socket") {
  for_each_place([](auto make_file) {
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        for (std::uint64_t const size : {5 * mebibyte + 3, 256 * kibibyte, 256 * kibibyte + 1}) {
          auto part = make_file();
          auto const receive = [&]() -> task<bool> {
            co_await receive_file(p.near, part, 77, size);
            co_return co_await receive_pattern_exactly(p.near, size, 100'000);
          };
          auto const [sent, is_right] = co_await when_all(send_pattern(p.client, 0, size + 100'000), receive());
          static_cast<void>(sent);
          CHECK(is_right);
          CHECK(has_pattern(part, 77, 0, size));
        }
      });
    });
  });
}

TEST_CASE("a file is transferred unchanged from socket to socket") {
  for_each_place([](auto make_file) {
    auto book = filled(make_file(), 9 * mebibyte + 5);
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto copy = make_file();
        co_await when_all(send_file(p.client, book, 0, 9 * mebibyte + 5),
                          receive_file(p.near, copy, 0, 9 * mebibyte + 5));
        CHECK(has_pattern(copy, 0, 0, 9 * mebibyte + 5));
      });
    });
  });
}

TEST_CASE("bytes that arrive in small pieces are stored") {
  for_each_place([](auto make_file) {
    for_each_mixture([&](auto& p) {
      complete([&]() -> task<> {
        auto part = make_file();
        auto send = [&]() -> task<> {
          for (std::uint64_t at = 0; at != 100'000; at += 10) {
            co_await send_pattern(p.client, at, at + 10);
            if (at % 1000 == 0) co_await yield();
          }
        };
        co_await when_all(send(), receive_file(p.near, part, 0, 100'000));
        CHECK(has_pattern(part, 0, 0, 100'000));
      });
    });
  });
}

TEST_CASE("receive_file stores a reader's buffered bytes first and then those of its stream") {
  for_each_place([](auto make_file) {
    on_every_stream([&](auto& near, auto& far) -> task<> {
      for (std::uint64_t const size : {0u, 1u, 9u, 10u, 11u, 40'000u, 200'000u}) {
        INFO(size << " bytes");
        if constexpr (!requires { near.bytes_written(); })
          if (size > 40'000) continue;
        auto part = make_file();
        buffered_reader in(far);
        auto const receive = [&]() -> task<bool> {
          auto const line = co_await in.read_line();
          auto const has_line = line == "book";
          co_await in.peek(10);
          auto const stored = co_await receive_file(in, part, 3, size);
          std::string rest(20, '\0');
          co_await in.read_exactly(mutable_buffer(rest));
          co_return has_line&& stored == size&& matching_pattern(size, rest.data(), 20) == 20;
        };
        auto const send = [&]() -> task<> {
          co_await near.write("book\n");
          co_await send_pattern(near, 0, size + 20);
        };
        auto const [sent, is_right] = co_await when_all(send(), receive());
        static_cast<void>(sent);
        CHECK(is_right);
        if (size != 0) CHECK(has_pattern(part, 3, 0, size));
        CHECK(in.buffered().empty());
      }
    });
  });
}

TEST_CASE("a writer that is tied to the reader is flushed before receive_file waits") {
  auto part = disk_file();
  on_every_stream([&](auto& near, auto& far) -> task<> {
    buffered_reader in(far);
    buffered_writer out(far);
    in.tie(out);
    auto const serve = [&]() -> task<> {
      co_await out.write("go\n");
      co_await receive_file(in, part, 0, 1000);
    };
    auto const send = [&]() -> task<> {
      std::string go(3, '\0');
      co_await near.read_exactly(go);
      co_await send_pattern(near, 0, 1000);
    };
    co_await when_all(serve(), send());
    CHECK(has_pattern(part, 0, 0, 1000));
  });
}

TEST_CASE("receive_file can store into a file that was opened for appending") {
  auto part = disk_file(O_APPEND);
  auto near_and_far = stream_pair();
  complete([&]() -> task<> {
    co_await when_all(send_pattern(near_and_far.first, 0, 3 * mebibyte),
                      receive_file(near_and_far.second, part, 0, 3 * mebibyte));
    CHECK(has_pattern(part, 0, 0, 3 * mebibyte));
  });
}

TEST_CASE("receive_file skips urgent data as a read does") {
  for_each_place([](auto make_file) {
    auto stream_and_raw = stream_and_peer();
    auto& from = stream_and_raw.first;
    auto& raw = stream_and_raw.second;
    auto part = make_file();
    complete([&]() -> task<> {
      auto send = [&]() -> task<> {
        std::string bytes(100'000, '\0');
        for (std::uint64_t i = 0; i != 20; ++i) {
          fill_pattern(i * bytes.size(), bytes.data(), bytes.size());
          raw.send(bytes);
          CHECK(::send(raw.get(), "!", 1, MSG_OOB) == 1);
          // A further urgent byte before this one has been skipped would turn this one into a normal byte.
          while (from.bytes_read() != (i + 1) * bytes.size()) co_await yield();
        }
      };
      co_await when_all(send(), receive_file(from, part, 0, 2'000'000));
      CHECK(has_pattern(part, 0, 0, 2'000'000));
    });
  });
}

#if !defined(STRAIT_TESTS_SANITIZED)  // g++'s undefined-behaviour sanitizer opens pipes of its own

TEST_CASE("receive_file works without pipes when no descriptors are available") {
  for_each_place([](auto make_file) {
    for_each_mixture([&](auto& p) {
      auto part = make_file();
      complete([&]() -> task<> {
        auto body = [&](task_group& group) -> task<> {
          group.spawn(send_pattern(p.client, 0, 3 * mebibyte));
          co_await turns(3);
          no_descriptors_left const full;
          co_await receive_file(p.near, part, 0, 3 * mebibyte);
        };
        co_await with_task_group(body);
        CHECK(has_pattern(part, 0, 0, 3 * mebibyte));
      });
    });
  });
}

#endif

TEST_CASE("the progress of receive_file increases, covers only stored bytes, and ends with the total") {
  for_each_place([](auto make_file) {
    auto near_and_far = stream_pair();
    auto part = make_file();
    complete([&]() -> task<> {
      std::vector<std::uint64_t> reported;
      bool is_stored = true;
      auto const report = [&](std::uint64_t moved) {
        reported.push_back(moved);
        is_stored = is_stored && size_of(part) >= moved;
      };
      co_await when_all(send_pattern(near_and_far.first, 0, 3 * mebibyte),
                        receive_file(near_and_far.second, part, 0, 3 * mebibyte, report));
      CHECK(!reported.empty());  // how often it is called depends on the speed
      CHECK(reported.size() <= 3 * mebibyte / (64 * kibibyte));
      CHECK(std::is_sorted(reported.begin(), reported.end()));
      CHECK(reported.back() == 3 * mebibyte);
      CHECK(is_stored);
    });
  });
}

TEST_CASE("a file that is slow to write does not block the loop") {
  on_every_stream([](auto& near, auto& far) -> task<> {
    pipe_file slow;
    ::fcntl(slow.input.native_handle(), F_SETPIPE_SZ, 4096);
    auto receive = [&]() -> task<> {
      auto drain = [&]() -> task<> {
        co_await ticks();
        std::uint64_t got = 0;
        while (got != 70'000) {
          std::vector<char> bytes(4096);
          auto const size = co_await slow.output.read_at(0, bytes);
          CHECK(matching_pattern(got, bytes.data(), size) == size);
          got += size;
        }
      };
      co_await when_all(send_pattern(near, 0, 70'000), receive_file(far, slow.input, 0, 70'000), drain());
    };
    co_await receive();
  });
}

TEST_CASE("receive_file leaves no descriptor open") {
  for_each_place([](auto make_file) {
    auto part = make_file();
    auto near_and_far = stream_pair();
    auto& near = near_and_far.first;
    auto& far = near_and_far.second;
    auto const before = open_descriptors();
    complete([&]() -> task<> {
      co_await when_all(send_pattern(near, 0, 4 * mebibyte), receive_file(far, part, 0, 4 * mebibyte));
      CHECK(open_descriptors() - before < 12);  // the loop's own, and a pipe or two
      auto body = [&](task_group& group) -> task<> {
        group.spawn(send_pattern(near, 0, 100 * mebibyte));
        group.spawn([&]() -> task<> { co_await receive_file(far, part, 0, 100 * mebibyte); });
        co_await turns(100);
        group.cancel();
      };
      co_await with_task_group(body);
    });
    CHECK(open_descriptors() == before);
  });
}
