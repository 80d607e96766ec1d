// data_size: the size of data messages.
#include "client/data_size.hpp"

#include "catch.hpp"

using namespace samples::upload;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t no_limit = UINT32_MAX;

/// Returns the size after many messages that each took `time`.
std::uint32_t final_size(data_size& size, std::chrono::nanoseconds time, std::uint32_t limit) {
  for (int i = 0; i != 40; ++i) size.sent(size.next(limit), time);
  return size.next(limit);
}

}  // namespace

TEST_CASE("data_size: messages grow on a fast connection and shrink on a slow one") {
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

TEST_CASE("data_size: the size has a minimum and a maximum") {
  data_size size;
  CHECK(final_size(size, 1ms, no_limit) == 64 * 1024 * 1024);
  CHECK(final_size(size, 10s, no_limit) == 64 * 1024);
}

TEST_CASE("data_size: a message does not exceed the server's limit") {
  data_size size;
  CHECK(final_size(size, 1ms, 4096) == 4096);
  CHECK(final_size(size, 1ms, 3'000'000) == 3'000'000);
}

TEST_CASE("data_size: a short message at the end of a file does not change the size") {
  data_size size;
  size.sent(10, 1ms);
  CHECK(size.next(no_limit) == 1024 * 1024);
}
