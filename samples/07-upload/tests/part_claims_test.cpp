#include "server/part_claims.hpp"

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace samples::upload;
using namespace strait;

namespace {

void nobody_is_told() {}

}  // namespace

TEST_CASE("part_claims: a free part is claimed at once") {
  part_claims claims;
  auto const body = [&]() -> task<> {
    auto const one = co_await claims.take("a", nobody_is_told);
    auto const other = co_await claims.take("b", nobody_is_told);
  };
  run(body);
}

TEST_CASE("part_claims: the holder is notified of a newer claim, which succeeds when the part is released") {
  part_claims claims;
  std::vector<std::string> happened;
  auto const body = [&](task_group& group) -> task<> {
    event notified;
    auto const on_takeover = [&] {
      happened.push_back("notified");
      notified.set();
    };
    std::optional<part_claims::claim> first(co_await claims.take("a", on_takeover));
    auto const later = [&]() -> task<> {
      auto const mine = co_await claims.take("a", nobody_is_told);
      happened.push_back("taken");
    };
    group.spawn(later);
    co_await notified.wait();
    co_await yield();
    happened.push_back("released");
    first.reset();
    while (group.size() != 0) co_await sleep_for(std::chrono::milliseconds(1));
  };
  run(with_task_group(body));
  CHECK(happened == std::vector<std::string>{"notified", "released", "taken"});
}

TEST_CASE("part_claims: a waiting claim can be canceled without effect") {
  part_claims claims;
  auto const body = [&]() -> task<> {
    std::optional<part_claims::claim> first(co_await claims.take("a", nobody_is_told));
    bool was_canceled = false;
    auto const wait = [&]() -> task<> { auto const mine = co_await claims.take("a", nobody_is_told); };
    try {
      co_await timeout(std::chrono::milliseconds(1), wait);
    } catch (timed_out const&) {
      was_canceled = true;
    }
    CHECK(was_canceled);
    first.reset();
    auto const again = co_await claims.take("a", nobody_is_told);
  };
  run(body);
}

TEST_CASE("part_claims: of several waiting claims, all but the newest are refused") {
  part_claims claims;
  auto const body = [&](task_group& group) -> task<> {
    std::optional<part_claims::claim> first(co_await claims.take("a", nobody_is_told));
    int turned_away = 0;
    auto const wait = [&]() -> task<> {
      auto const mine = co_await claims.take("a", nobody_is_told);
      if (!mine) ++turned_away;
    };
    for (int i = 0; i != 10; ++i) group.spawn(wait);
    while (turned_away != 9) co_await sleep_for(std::chrono::milliseconds(1));
    CHECK(group.size() == 1);
    first.reset();
    while (group.size() != 0) co_await sleep_for(std::chrono::milliseconds(1));
    CHECK(turned_away == 9);
  };
  run(with_task_group(body));
}

TEST_CASE("part_claims: a part has one holder at a time across threads") {
  part_claims claims;
  constexpr int rounds = 20;
  int holders = 0;  // not atomic: the claims synchronize the threads
  int times = 0;
  auto const body = [&]() -> task<> {
    for (int i = 0; i != rounds; ++i) {
      event notified;
      auto const mine = co_await claims.take("a", [&] { notified.set(); });
      CHECK(++holders == 1);
      ++times;
      try {
        co_await timeout(std::chrono::milliseconds(20), notified.wait());
      } catch (timed_out const&) {}  // the other thread may have finished
      CHECK(--holders == 0);
    }
  };
  std::thread other([&] { run(body()); });
  run(body());
  other.join();
  CHECK(times == 2 * rounds);
}
