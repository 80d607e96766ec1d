#include "rate_limiter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using verdict = rate_limiter::verdict;

namespace {

constexpr rate_limiter::clock::time_point start{};
constexpr sip_hash_key key{1, 2};  // the same in every run
constexpr source_network one{1}, other{2};

/// Returns how many of `requests` at the time `now` are answered.
int answers(rate_limiter& limiter, source_network source, rate_limiter::clock::time_point now, int requests = 1000) {
  int count = 0;
  while (requests-- > 0) count += limiter.check(source, now) == verdict::answer;
  return count;
}

/// Sends one request from each of `number` sources from `first` on; returns how many are answered.
std::size_t sources_answered(rate_limiter& limiter, std::size_t first, std::size_t number,
                             rate_limiter::clock::time_point now) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < number; ++i) count += limiter.check(source_network{first + i}, now) == verdict::answer;
  return count;
}

}  // namespace

TEST_CASE("rate_limiter: a source gets a burst of answers, and then none") {
  rate_limiter limiter(100, 10, key);
  CHECK(answers(limiter, one, start) == 100);
  CHECK(limiter.check(one, start) == verdict::too_often);
}

TEST_CASE("rate_limiter: after a burst, tokens are added one by one") {
  rate_limiter limiter(100, 10, key);
  CHECK(answers(limiter, one, start) == 100);
  CHECK(answers(limiter, one, start + 9ms) == 0);
  CHECK(answers(limiter, one, start + 10ms) == 1);
  CHECK(answers(limiter, one, start + 19ms) == 0);
  CHECK(answers(limiter, one, start + 50ms) == 4);
}

TEST_CASE("rate_limiter: a bucket never holds more tokens than the burst") {
  rate_limiter limiter(100, 10, key);
  CHECK(answers(limiter, one, start) == 100);
  CHECK(answers(limiter, one, start + 1h) == 100);
  CHECK(answers(limiter, one, start + 1h + 500ms) == 50);
}

TEST_CASE("rate_limiter: a source at the rate limit is always answered") {
  rate_limiter limiter(100, 1, key);
  for (int i = 0; i < 10'000; ++i) REQUIRE(limiter.check(one, start + i * 10ms) == verdict::answer);
}

TEST_CASE("rate_limiter: the number of answers never exceeds the burst plus rate times time") {
  for (std::uint32_t const rate : {1u, 3u, 7u, 100u, 999u, 30'000u}) {
    rate_limiter limiter(rate, 10, key);
    std::uint64_t count = 0;
    for (auto t = 0ms; t <= 2s; t += 1ms)
      for (int i = 0; i < 60; ++i) count += limiter.check(one, start + t) == verdict::answer;
    CHECK(count <= rate + rate * 2);
    CHECK(count >= rate + rate * 2 - rate / 100 - 1);
  }
}

TEST_CASE("rate_limiter: the lowest rate is one answer per second") {
  rate_limiter limiter(1, 10, key);
  CHECK(answers(limiter, one, start) == 1);
  CHECK(answers(limiter, one, start + 999ms) == 0);
  CHECK(answers(limiter, one, start + 1s) == 1);
}

TEST_CASE("rate_limiter: the highest rate is one answer per microsecond") {
  rate_limiter limiter(rate_limiter::highest_rate, 10, key);
  CHECK(answers(limiter, one, start, 2'000'000) == 1'000'000);
  CHECK(answers(limiter, one, start + 1us) == 1);
}

TEST_CASE("rate_limiter: sources do not share a bucket") {
  rate_limiter limiter(5, 10, key);
  CHECK(answers(limiter, one, start) == 5);
  CHECK(answers(limiter, other, start) == 5);
}

TEST_CASE("rate_limiter: an unanswered request takes no token") {
  rate_limiter limiter(10, 10, key);
  CHECK(answers(limiter, one, start, 1'000'000) == 10);
  CHECK(answers(limiter, one, start + 1s) == 10);
}

TEST_CASE("rate_limiter: while the table is full, a new source is not answered, and a known one is") {
  rate_limiter limiter(2, 1, key);
  CHECK(limiter.check(one, start) == verdict::answer);
  CHECK(limiter.check(other, start) == verdict::no_room);
  CHECK(limiter.check(one, start) == verdict::answer);
  CHECK(limiter.check(one, start) == verdict::too_often);
}

TEST_CASE("rate_limiter: a source is removed when its bucket is full again, and not before") {
  rate_limiter limiter(2, 1, key);
  CHECK(answers(limiter, one, start) == 2);
  CHECK(limiter.check(other, start + 999ms) == verdict::no_room);
  CHECK(limiter.check(other, start + 1s) == verdict::answer);
  CHECK(limiter.check(one, start + 1s) == verdict::no_room);
}

TEST_CASE("rate_limiter: the table holds nearly as many sources as its capacity, and never more") {
  for (std::size_t const room : {1u, 2u, 7u, 8u, 9u, 100u, 10'000u}) {
    rate_limiter limiter(1, room, key);
    auto const answered = sources_answered(limiter, 0, 20 * room, start);
    CHECK(answered <= room);
    CHECK(answered >= room * 9 / 10);
  }
}

TEST_CASE("rate_limiter: up to half of its capacity, the table has an entry for every source") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    rate_limiter limiter(1, 10'000, {seed, seed});
    CHECK(sources_answered(limiter, 0, 5'000, start) == 5'000);
  }
}

TEST_CASE("rate_limiter: all entries are free again when the buckets are full") {
  rate_limiter limiter(1, 1000, key);
  auto const before = sources_answered(limiter, 0, 100'000, start);
  auto const after = sources_answered(limiter, 0, 100'000, start + 1s);
  CHECK(after == before);
}

TEST_CASE("rate_limiter: which sources collide depends on the key") {
  auto const refused = [](sip_hash_key const& with) {
    rate_limiter limiter(1, 64, with);
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 0; i < 200; ++i)
      if (limiter.check(source_network{i}, start) == verdict::no_room) all.push_back(i);
    return all;
  };
  CHECK(refused({1, 2}) == refused({1, 2}));
  CHECK(refused({1, 2}) != refused({3, 4}));
}

TEST_CASE("rate_limiter: a time slightly before that of the last request is accepted") {
  rate_limiter limiter(10, 10, key);
  CHECK(limiter.check(one, start + 1s) == verdict::answer);
  CHECK(answers(limiter, one, start + 1s - 1us) == 8);
  CHECK(answers(limiter, one, start + 1s) == 1);
}
