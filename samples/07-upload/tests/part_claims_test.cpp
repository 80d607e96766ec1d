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

TEST_CASE("part_claims: a part that nobody has is had at once") {
  part_claims claims;
  auto const body = [&]() -> task<> {
    auto const one = co_await claims.take("a", nobody_is_told);
    auto const other = co_await claims.take("b", nobody_is_told);
  };
  run(body);
}

TEST_CASE("part_claims: who has a part is told when somebody comes for it, who has it when it is given up") {
  part_claims claims;
  std::vector<std::string> happened;
  auto const body = [&](task_group& group) -> task<> {
    event told;
    auto const on_takeover = [&] {
      happened.push_back("told");
      told.set();
    };
    std::optional<part_claims::claim> first(co_await claims.take("a", on_takeover));
    auto const later = [&]() -> task<> {
      auto const mine = co_await claims.take("a", nobody_is_told);
      happened.push_back("taken");
    };
    group.spawn(later);
    co_await told.wait();
    co_await yield();
    happened.push_back("given up");
    first.reset();
    while (group.size() != 0) co_await sleep_for(std::chrono::milliseconds(1));
  };
  run(with_task_group(body));
  CHECK(happened == std::vector<std::string>{"told", "given up", "taken"});
}

TEST_CASE("part_claims: who waits for a part may be canceled, and leaves no trace") {
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

TEST_CASE("part_claims: of the tasks that wait for a part, all but the newest are refused") {
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

TEST_CASE("part_claims: a part changes hands between threads, one has it at a time") {
  part_claims claims;
  constexpr int rounds = 20;
  int holders = 0;  // no atomic: the claims order them
  int times = 0;
  auto const body = [&]() -> task<> {
    for (int i = 0; i != rounds; ++i) {
      event told;
      auto const mine = co_await claims.take("a", [&] { told.set(); });
      CHECK(++holders == 1);
      ++times;
      try {
        co_await timeout(std::chrono::milliseconds(20), told.wait());
      } catch (timed_out const&) {}  // the other one may be done
      CHECK(--holders == 0);
    }
  };
  std::thread other([&] { run(body()); });
  run(body());
  other.join();
  CHECK(times == 2 * rounds);
}
