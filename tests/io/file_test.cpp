// file: reading and writing, and how they fail.
#include <array>
#include <filesystem>
#include <string>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "io/files.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("bytes written to a file can be read back") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    auto const written = co_await book.write_at(0, "hello, world");
    CHECK(written == 12);
    auto const second_written = co_await book.write_at(7, "earth");
    CHECK(second_written == 5);
    auto const part = co_await part_of(book, 0, 100);
    CHECK(part == "hello, earth");
    auto const second_part = co_await part_of(book, 4, 3);
    CHECK(second_part == "o, ");
    CHECK(text_of(there.file("book")) == "hello, earth");
  });
}

TEST_CASE("a read at or after the end of a file returns 0 and so does a read into an empty buffer") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    char bytes[8];
    auto const size = co_await book.read_at(5, bytes);
    CHECK(size == 0);
    auto const second_size = co_await book.read_at(5'000'000'000, bytes);
    CHECK(second_size == 0);
    auto const third_size = co_await book.read_at(0, mutable_buffer());
    CHECK(third_size == 0);
  });
}

TEST_CASE("an empty file can be read") {
  temporary_directory const there;
  put(there.file("book"), "");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    char bytes[8];
    auto const size = co_await book.read_at(0, bytes);
    CHECK(size == 0);
  });
}

TEST_CASE("a read returns as many bytes as fit whether they are in the page cache or not") {
  temporary_directory const there;
  auto const size = GENERATE(as<std::size_t>(), 1, 4095, 4096, 65537, 256 * 1024, 256 * 1024 + 1, 3'000'001);
  bool const is_cold = GENERATE(false, true);
  CAPTURE(size, is_cold);
  auto const bytes = random_bytes(size);
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    co_await book.write_at(0, bytes);
    co_await book.sync();
    // This is only advice, but Linux follows it.
    if (is_cold) ::posix_fadvise(book.native_handle(), 0, 0, POSIX_FADV_DONTNEED);
    auto const whole = co_await part_of(book, 0, size + 100);
    CHECK((whole == bytes));
    auto const part = co_await part_of(book, size / 3, size / 2);
    CHECK((part == bytes.substr(size / 3, size / 2)));
  });
}

TEST_CASE("a read spans bytes in the page cache and bytes on the disk") {
  temporary_directory const there;
  auto const bytes = random_bytes(250'000);
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    co_await book.write_at(0, bytes);
    co_await book.sync();
    ::posix_fadvise(book.native_handle(), 0, 0, POSIX_FADV_DONTNEED);
    ::posix_fadvise(book.native_handle(), 0, 0, POSIX_FADV_RANDOM);  // no read-ahead
    co_await part_of(book, 0, 5000);
    auto const part = co_await part_of(book, 0, 250'000);
    CHECK((part == bytes));
  });
}

TEST_CASE("a file without a size can be read") {
  complete([]() -> task<> {
    auto about = co_await open_file("/proc/self/status");
    auto const text = co_await part_of(about, 0, 100);
    CHECK(text.starts_with("Name:"));
  });
}

TEST_CASE("a write after the end of a file fills the gap with zeros") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_write);
    co_await book.write_at(3, "x");
    CHECK(text_of(there.file("book")) == std::string("\0\0\0x", 4));
  });
}

TEST_CASE("a write of zero bytes has no effect") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_write);
    auto const written = co_await book.write_at(10, const_buffer());
    CHECK(written == 0);
    CHECK(text_of(there.file("book")).empty());
  });
}

TEST_CASE("many operations on one file may run at the same time") {
  temporary_directory const there;
  constexpr std::size_t block = 10'000;
  constexpr std::size_t count = 100;
  auto const bytes = random_bytes(block * count);
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    co_await with_task_group([&](task_group& group) -> task<> {
      for (std::size_t i = 0; i != count; ++i)
        group.spawn([&, i]() -> task<> {
          auto const mine = std::string_view(bytes).substr(i * block, block);
          co_await book.write_at(i * block, mine);
          auto const part = co_await part_of(book, i * block, block);
          CHECK((part == mine));
          co_await book.sync();
        });
      co_return;
    });
    CHECK((text_of(there.file("book")) == bytes));
  });
}

TEST_CASE("a file's status describes the file") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  ::chmod(there.file("book").c_str(), 0640);
  std::array const times{timespec{1'700'000'000, 123}, timespec{1'700'000'000, 456'789}};
  REQUIRE(::utimensat(AT_FDCWD, there.file("book").c_str(), times.data(), 0) == 0);
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    auto const status = co_await book.status();
    CHECK(status.is_regular());
    CHECK_FALSE(status.is_directory());
    CHECK(status.size == 5);
    CHECK(status.permissions == 0640);
    CHECK(status.modified_at == 1'700'000'000'000'456'789);
    CHECK(status.changed_at > status.modified_at);
  });
}

TEST_CASE("status_of describes the file at a path and follows symbolic links") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  std::filesystem::create_symlink("book", there.file("link"));
  complete([&]() -> task<> {
    auto const status = co_await status_of(there.path());
    CHECK(status.is_directory());
    auto const second_status = co_await status_of(there.file("link"));
    CHECK(second_status.is_regular());
    auto const third_status = co_await status_of("/dev/null");
    CHECK(third_status.type == file_status::kind::other);
    auto const failure = co_await failure_of<error>(status_of(there.file("none")));
    CHECK(failure.what() == "status of " + there.file("none") + ": no such file or directory");
  });
}

TEST_CASE("resize truncates a file or extends it with zeros") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    co_await book.resize(2);
    CHECK(text_of(there.file("book")) == "he");
    co_await book.resize(4);
    CHECK(text_of(there.file("book")) == std::string("he\0\0", 4));
  });
}

TEST_CASE("a sync completes") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_write);
    co_await book.write_at(0, "hello");
    co_await book.sync();
  });
}

TEST_CASE("syncing a file that does not support it fails") {
  complete([]() -> task<> {
    pipe_file slow;
    auto const failure = co_await failure_of<error>(slow.output.sync());
    CHECK(failure.what() == std::string("sync slow: invalid argument"));
  });
}

TEST_CASE("a write to a full disk fails") {
  complete([]() -> task<> {
    auto full = co_await open_file("/dev/full", {.access = file_access::write});
    auto const failure = co_await failure_of<error>(full.write_at(0, "hello"));
    CHECK(failure.what() == std::string("write to /dev/full: no space left on device"));
    CHECK(failure.code() == std::errc::no_space_on_device);
    CHECK(failure.transferred() == 0);
  });
}

TEST_CASE("exceeding the file size limit is an error that reports the bytes written and does not end the process",
          "[threads]") {
  temporary_directory const there;
  auto const bytes = random_bytes(100'000);
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_write);
    file_size_limit const limit(60'000);
    auto const failure = co_await failure_of<error>(book.write_at(0, bytes));
    CHECK(failure.what() == "write to " + there.file("book") + ": file too large");
    CHECK(failure.code() == std::errc::file_too_large);
    CHECK(failure.transferred() == 60'000);
    auto const of_resize = co_await failure_of<error>(book.resize(70'000));
    CHECK(of_resize.code() == std::errc::file_too_large);
  });
  CHECK((text_of(there.file("book")) == bytes.substr(0, 60'000)));
}

TEST_CASE("a write to a pipe without a reader is an error and does not end the process", "[threads]") {
  complete([]() -> task<> {
    pipe_file slow;
    slow.output = file();
    auto const failure = co_await failure_of<error>(slow.input.write_at(0, "hello"));
    CHECK(failure.code() == std::errc::broken_pipe);
  });
}

TEST_CASE("a pipe is read and written sequentially whatever the offset") {
  complete([]() -> task<> {
    pipe_file slow;
    auto const written = co_await slow.input.write_at(1000, "hello, ");
    CHECK(written == 7);
    auto const second_written = co_await slow.input.write_at(0, "world");
    CHECK(second_written == 5);
    auto const part = co_await part_of(slow.output, 5, 4);
    CHECK(part == "hell");
    auto const second_part = co_await part_of(slow.output, 0, 100);
    CHECK(second_part == "o, world");
    co_await slow.input.close();
    auto const third_part = co_await part_of(slow.output, 0, 100);
    CHECK(third_part == "");
  });
}

TEST_CASE("all operations on a closed file fail") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    co_await book.close();
    CHECK_FALSE(book.is_open());
    CHECK(book.native_handle() == -1);
    char bytes[4];
    auto const of_read = co_await failure_of<error>(book.read_at(0, bytes));
    CHECK(of_read.what() == "read from " + there.file("book") + ": closed on this side");
    CHECK(of_read.code() == errc::closed);
    auto const failure = co_await failure_of<error>(book.write_at(0, "x"));
    CHECK(failure.code() == errc::closed);
    auto const second_failure = co_await failure_of<error>(book.sync());
    CHECK(second_failure.code() == errc::closed);
    auto const third_failure = co_await failure_of<error>(book.resize(1));
    CHECK(third_failure.code() == errc::closed);
    auto const fourth_failure = co_await failure_of<error>(book.status());
    CHECK(fourth_failure.code() == errc::closed);
    auto const fifth_failure = co_await failure_of<error>(book.close());
    CHECK(fifth_failure.code() == errc::closed);
    CHECK_THROWS_WITH(book.try_lock(), "lock " + there.file("book") + ": closed on this side");
  });
}

TEST_CASE("all operations on a file that was never opened fail") {
  complete([]() -> task<> {
    file none;
    auto const failure = co_await failure_of<error>(none.sync());
    CHECK(failure.what() == std::string("sync a file: closed on this side"));
  });
}

TEST_CASE("a file is closed when it is destroyed or assigned to") {
  temporary_directory const there;
  complete([&]() -> task<> {
    co_await status_of(there.path());  // so that the pool and the loop have opened their descriptors
    auto const before = open_descriptors();
    {
      auto first = co_await open_file(there.file("first"), to_change);
      auto second = co_await open_file(there.file("second"), to_change);
      CHECK(open_descriptors() == before + 2);
      first = std::move(second);
      CHECK(open_descriptors() == before + 1);
      CHECK(first.name() == there.file("second"));
      CHECK_FALSE(second.is_open());  // NOLINT(bugprone-use-after-move)
      file third(std::move(first));
      CHECK(third.is_open());
      co_await third.close();
      CHECK(open_descriptors() == before);
    }
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("a file can be locked by one descriptor at a time until that is closed") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto first = co_await open_file(there.file("book"), to_change);
    auto second = co_await open_file(there.file("book"), to_change);
    CHECK(first.try_lock());
    CHECK(first.try_lock());
    CHECK_FALSE(second.try_lock());
    co_await first.close();
    CHECK(second.try_lock());
  });
}
