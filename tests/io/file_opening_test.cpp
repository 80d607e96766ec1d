// file: which files can be opened, and how.
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/program.hpp"
#include "core/waiting.hpp"
#include "io/files.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a file that does not exist is not opened") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto const failure = co_await failure_of<error>(open_file(there.file("book")));
    CHECK(failure.what() == "open " + there.file("book") + ": no such file or directory");
    CHECK(failure.code() == std::errc::no_such_file_or_directory);
    CHECK_FALSE(exists(there.file("book")));
  });
}

TEST_CASE("a file is created if it is missing and otherwise opened unchanged") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto first = co_await open_file(there.file("book"), to_change);
    co_await first.write_at(0, "hello");
    auto second = co_await open_file(there.file("book"), to_change);
    auto const part = co_await part_of(second, 0, 10);
    CHECK(part == "hello");
  });
}

TEST_CASE("exclusive creation fails if the file exists even as a dangling symbolic link") {
  temporary_directory const there;
  constexpr open_options to_make{.access = file_access::write, .creation = file_creation::exclusive};
  std::filesystem::create_symlink(there.file("nowhere"), there.file("link"));
  complete([&]() -> task<> {
    co_await open_file(there.file("book"), to_make);
    auto const there_is_one = co_await failure_of<error>(open_file(there.file("book"), to_make));
    CHECK(there_is_one.what() == "open " + there.file("book") + ": file exists");
    auto const there_is_a_link = co_await failure_of<error>(open_file(there.file("link"), to_make));
    CHECK(there_is_a_link.code() == std::errc::file_exists);
    CHECK_FALSE(exists(there.file("nowhere")));
  });
}

TEST_CASE("a file that is opened with truncation becomes empty") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_write);
    auto const status = co_await book.status();
    CHECK(status.size == 0);
  });
}

TEST_CASE("a file that is created has the requested permissions minus the umask") {
  temporary_directory const there;
  with_umask const in_force(022);
  complete([&]() -> task<> {
    constexpr open_options wide{.access = file_access::write, .creation = file_creation::if_missing};
    constexpr open_options narrow{
        .access = file_access::write, .creation = file_creation::if_missing, .permissions = 0700};
    co_await open_file(there.file("wide"), wide);
    co_await open_file(there.file("narrow"), narrow);
    CHECK(permissions_of(there.file("wide")) == 0644);
    CHECK(permissions_of(there.file("narrow")) == 0700);
  });
}

TEST_CASE("a path with a NUL in it is refused and not truncated") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  auto const path = there.file("book") + std::string("\0.txt", 5);
  complete([&]() -> task<> {
    auto const of_open = co_await failure_of<error>(open_file(path));
    CHECK(of_open.what() == "open " + there.file("book") + "\\0.txt: the path contains a NUL character");
    CHECK(of_open.code() == std::errc::invalid_argument);
    auto const of_status = co_await failure_of<error>(status_of(path));
    CHECK_THAT(of_status.what(), ContainsSubstring("the path contains a NUL character"));
  });
}

TEST_CASE("a file can be read and written only as its access mode permits") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    char bytes[4];
    auto reader = co_await open_file(there.file("book"));
    auto const of_write = co_await failure_of<error>(reader.write_at(0, "x"));
    CHECK(of_write.what() == "write to " + there.file("book") + ": bad file descriptor");
    auto writer = co_await open_file(there.file("book"), to_write);
    auto const of_read = co_await failure_of<error>(writer.read_at(0, bytes));
    CHECK(of_read.what() == "read from " + there.file("book") + ": bad file descriptor");
  });
}

TEST_CASE("offsets beyond the range of files are refused") {
  temporary_directory const there;
  auto const offset = GENERATE(as<std::uint64_t>(), std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max());
  complete([&]() -> task<> {
    char bytes[4];
    auto book = co_await open_file(there.file("book"), to_change);
    co_await book.write_at(0, "hello");
    auto const of_read = co_await failure_of<error>(book.read_at(offset, bytes));
    CHECK(of_read.code() == std::errc::invalid_argument);
    auto const of_write = co_await failure_of<error>(book.write_at(offset, "x"));
    CHECK(of_write.code() == std::errc::file_too_large);
    auto const of_resize = co_await failure_of<error>(book.resize(offset));
    CHECK(of_resize.what() == "resize " + there.file("book") + ": file too large");
  });
}

TEST_CASE("program that opens files while its standard streams are closed", "[.]") {
  auto const open_each = [](auto open) {
    for (int const each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(each);
    return open();
  };
  bool is_well = false;
  run([&]() -> task<> {
    auto const root = co_await open_each([] { return open_directory("/proc/self"); });
    auto const file = co_await open_each([] { return open_file("/proc/self/maps"); });
    auto const beneath = co_await open_each([&] { return root.open_file("maps"); });
    is_well = root.native_handle() > STDERR_FILENO && file.native_handle() > STDERR_FILENO &&
              beneath.native_handle() > STDERR_FILENO;
  });
  exit_with(is_well ? 0 : 1);
}
TEST_CASE("no file gets the descriptor of a closed standard stream") {
  program closed("program that opens files while its standard streams are closed");
  CHECK(closed.status() == 0);
}
