// The queue of deadlines, compared with a simple model of it.
#include "core/timer_queue.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "core/loop.hpp"
#include "sanitized.hpp"

using namespace strait;
using namespace std::chrono_literals;

namespace {

clock::time_point at(int time) { return clock::time_point(std::chrono::nanoseconds(time)); }

/// A queue of timers that record when they are called, and a model of its contents.
class tested_queue {
 public:
  class entry final : public detail::timer {
   public:
    entry(tested_queue& of, int number) : of_(of), number_(number) {}
    [[nodiscard]] int number() const { return number_; }

   private:
    void expired() noexcept override { of_.called.push_back(number_); }
    tested_queue& of_;
    int number_;
  };

  explicit tested_queue(int timers) {
    for (int i = 0; i != timers; ++i) all_.emplace_back(*this, i);
  }
  ~tested_queue() {
    for (auto& each : all_)
      if (each.is_set()) queue.remove(each);
  }

  [[nodiscard]] bool is_set(int number) const { return all_[static_cast<std::size_t>(number)].is_set(); }
  void set(int number, int time) {
    queue.insert(all_[static_cast<std::size_t>(number)], detail::loop_of(loop_), at(time));
    auto const behind = std::upper_bound(model_.begin(), model_.end(), time,
                                         [](int value, planned const& each) { return value < each.time; });
    model_.insert(behind, {time, number});
  }
  void remove(int number) {
    queue.remove(all_[static_cast<std::size_t>(number)]);
    std::erase_if(model_, [=](planned const& each) { return each.number == number; });
  }
  /// Expires the timers that are due at `now`. Returns those that the model expects; `called` holds those that the
  /// queue called.
  std::vector<int> expire(int now) {
    called.clear();
    queue.expire(at(now));
    std::vector<int> expected;
    while (!model_.empty() && model_.front().time <= now) {
      expected.push_back(model_.front().number);
      model_.erase(model_.begin());
    }
    return expected;
  }
  [[nodiscard]] bool agrees() const {
    return queue.empty() == model_.empty() && (model_.empty() || queue.earliest() == at(model_.front().time));
  }

  detail::timer_queue queue;
  std::vector<int> called;

 private:
  struct planned {
    int time;
    int number;
  };
  event_loop loop_;
  std::deque<entry> all_;
  std::vector<planned> model_;
};

}  // namespace

TEST_CASE("timers are called in the order of their times") {
  tested_queue tested(6);
  int const times[] = {30, 10, 50, 20, 60, 40};
  for (int i = 0; i != 6; ++i) tested.set(i, times[i]);
  CHECK(tested.queue.earliest() == at(10));
  CHECK(tested.expire(40) == std::vector{1, 3, 0, 5});
  CHECK(tested.called == std::vector{1, 3, 0, 5});
  CHECK(tested.queue.earliest() == at(50));
}

TEST_CASE("timers with the same time are called in the order in which they were set") {
  tested_queue tested(100);
  for (int i = 0; i != 100; ++i) tested.set((37 * i) % 100, i < 50 ? 7 : 7 + i % 2);
  auto const expected = tested.expire(8);
  CHECK(tested.called == expected);
  CHECK(tested.called.size() == 100);
}

TEST_CASE("a timer queue behaves like a sorted list for random sequences of operations") {
  for (unsigned seed = 0; seed != 20; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    auto const below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
    constexpr int timers = 200;
    tested_queue tested(timers);
    int const spread = seed % 2 ? 10 : 1000;  // many equal times, or few
    int now = 0;
    for (int step = 0; step != test::scaled(4000); ++step) {
      int const number = below(timers);
      if (below(20) == 0) {
        now += below(spread / 5);
        auto const expected = tested.expire(now);
        REQUIRE(tested.called == expected);
      } else if (tested.is_set(number)) {
        tested.remove(number);
      } else {
        tested.set(number, now + below(spread));
      }
      REQUIRE(tested.agrees());
    }
  }
}

TEST_CASE("a timer queue stays shallow and handles many timers in any order of insertion in time") {
  // A list would take minutes.
  constexpr int timers = 200'000;
  std::deque<tested_queue::entry> all;
  tested_queue notes(0);
  for (int i = 0; i != timers; ++i) all.emplace_back(notes, i);
  event_loop loop;
  for (int const order : {0, 1, 2}) {  // ascending, descending, neither
    for (auto& each : all) {
      int const i = each.number();
      int const time = order == 0 ? i : order == 1 ? timers - i : static_cast<int>(7919LL * i % timers);
      notes.queue.insert(each, detail::loop_of(loop), at(time));
    }
    notes.called.clear();
    notes.queue.expire(at(timers));
    CHECK(notes.called.size() == timers);
    CHECK(notes.queue.empty());
  }
}
