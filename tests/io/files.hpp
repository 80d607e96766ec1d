// For tests of files: contents, slow and full files, and how operations on them end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "net/local_sockets.hpp"

namespace strait::test {

inline constexpr open_options to_write{.access = file_access::write, .creation = file_creation::truncate};
inline constexpr open_options to_change{.access = file_access::read_write, .creation = file_creation::if_missing};

inline void put(std::string const& path, std::string_view text) { std::ofstream(path) << text; }

inline std::string text_of(std::string const& path) {
  std::ifstream from(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(from), {}};
}

inline std::string random_bytes(std::size_t size) {
  std::mt19937 numbers(42);
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(numbers());
  return bytes;
}

/// The bytes that one read returns.
inline task<std::string> part_of(file& from, std::uint64_t offset, std::size_t most) {
  std::string bytes(most, '\0');
  bytes.resize(co_await from.read_at(offset, bytes));
  co_return bytes;
}

/// A pipe, whose reads wait like those of a very slow disk.
struct pipe_file {
  pipe_file() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe");
    output = file(ends[0], "slow");
    input = file(ends[1], "slow");
  }
  void feed(std::string_view bytes) const {
    if (::write(input.native_handle(), bytes.data(), bytes.size()) < 0) fail_with_errno("write");
  }
  file output;
  file input;
};

/// While this object exists, no file can grow beyond `size` bytes.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t size) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const limit{size, before_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) fail_with_errno("setrlimit");
  }
  file_size_limit(file_size_limit const&) = delete;
  file_size_limit& operator=(file_size_limit const&) = delete;
  ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

/// Checks that `operation` does not complete in a scope that has been canceled.
template <class Operation>
task<> ends_at_once(Operation operation) {
  cancel_scope scope;
  scope.cancel();
  auto const done = co_await scope.run(std::move(operation));
  CHECK_FALSE(done);
}

}  // namespace strait::test
