// data_size: how large messages are.
#include "client/data_size.hpp"

#include "catch.hpp"

using namespace samples::upload;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t no_limit = UINT32_MAX;

/// Sends messages that all take so long, until their size stays.
std::uint32_t size_in_the_end(data_size& size, std::chrono::nanoseconds time, std::uint32_t limit) {
  for (int i = 0; i != 40; ++i) size.sent(size.next(limit), time);
  return size.next(limit);
}

}  // namespace

TEST_CASE("data size: messages grow on a fast line, and shrink on a slow one") {
  data_size size;
  auto const at_first = size.next(no_limit);
  CHECK(at_first == 1024 * 1024);
  size.sent(at_first, 1ms);
  CHECK(size.next(no_limit) == 2 * at_first);
  size.sent(2 * at_first, 1s);
  CHECK(size.next(no_limit) == at_first);
  size.sent(at_first, 100ms);
  CHECK(size.next(no_limit) == at_first);
}

TEST_CASE("data size: there is a largest and a smallest") {
  data_size size;
  CHECK(size_in_the_end(size, 1ms, no_limit) == 64 * 1024 * 1024);
  CHECK(size_in_the_end(size, 10s, no_limit) == 64 * 1024);
}

TEST_CASE("data size: no message is larger than the server's limit") {
  data_size size;
  CHECK(size_in_the_end(size, 1ms, 4096) == 4096);
  CHECK(size_in_the_end(size, 1ms, 3'000'000) == 3'000'000);
}

TEST_CASE("data size: the end of a file, which is short, says nothing of the line") {
  data_size size;
  size.sent(10, 1ms);
  CHECK(size.next(no_limit) == 1024 * 1024);
}
