// The thread that samples what the loops are running.
#include "strait/core/stall_detector.hpp"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "core/running_loops.hpp"
#include "core/task_location.hpp"
#include "strait/base/error.hpp"

namespace strait {
namespace {

using observation = detail::loop_activity::observation;

std::string format_duration(std::chrono::nanoseconds held) {
  auto const milliseconds = held.count() / 1'000'000;
  return milliseconds < 1000 ? fmt::format("{} ms", milliseconds)
                             : fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000);
}

stall stall_of(observation const& seen) {
  stall what;
  what.function = detail::function_name(seen.where);
  what.file = detail::file_name(seen.where);
  if (seen.has_awaited) what.line = seen.where.line();
  what.duration = clock::now() - seen.since;
  return what;
}

}  // namespace

class stall_detector::watchdog final : public detail::stall_listener {
 public:
  watchdog(std::chrono::nanoseconds limit, hook<void(stall const&)> report);
  watchdog(watchdog const&) = delete;
  watchdog& operator=(watchdog const&) = delete;
  ~watchdog();

 private:
  /// Called with the lock held.
  void stall_ended(observation const& seen, std::source_location waits_at) noexcept override;

  // An activity is reported when this many consecutive samples have found it. Counting samples, unlike reading the
  // clock, leaves out the time during which the process is stopped, and some of that during which the machine is
  // overloaded.
  static constexpr int times_until_reported = 4;

  void work() noexcept;
  void look_at(detail::loop_activity& activity) noexcept;
  /// Adds a report, of a stall that is over if `waits_at` is not null.
  void add(observation const& seen, std::source_location const* waits_at = nullptr) noexcept;
  void deliver(std::unique_lock<std::mutex>& lock) noexcept;

  std::chrono::nanoseconds const period_;
  hook<void(stall const&)> const report_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::vector<stall> reports_;  // not delivered yet
  std::thread thread_;
};

stall_detector::watchdog::watchdog(std::chrono::nanoseconds limit, hook<void(stall const&)> report)
    : period_(limit / times_until_reported), report_(report) {
  if (period_ < std::chrono::milliseconds(1))
    throw std::invalid_argument("strait: the limit of a stall_detector must be at least 4 ms");
  {
    std::lock_guard const lock(detail::stall_listener::mutex());
    if (detail::stall_listener::current()) throw std::logic_error("strait: this process already has a stall_detector");
    detail::stall_listener::current() = this;
  }
  try {
    thread_ = std::thread([this] { work(); });
  } catch (std::system_error const& e) {
    std::lock_guard const lock(detail::stall_listener::mutex());
    detail::stall_listener::current() = nullptr;
    throw error(e.code(), "start the thread of the stall_detector");
  }
  detail::running_loops::instance().watch(true);
}

stall_detector::watchdog::~watchdog() {
  auto& loops = detail::running_loops::instance();
  loops.watch(false);
  {
    std::lock_guard const lock(detail::stall_listener::mutex());
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  // Current activities started before any later detector, which must not report them.
  loops.for_each([](detail::loop& each, unsigned) {
    std::lock_guard const lock(detail::stall_listener::mutex());
    each.activity().ignore();
  });
  std::lock_guard const lock(detail::stall_listener::mutex());
  detail::stall_listener::current() = nullptr;
}

void stall_detector::watchdog::work() noexcept {
  auto& loops = detail::running_loops::instance();
  auto next = clock::now() + period_;
  std::unique_lock lock(detail::stall_listener::mutex());
  for (;;) {
    wake_.wait_until(lock, next, [this] { return is_stopping_ || !reports_.empty(); });
    if (!is_stopping_ && clock::now() >= next) {
      lock.unlock();
      loops.for_each([this](detail::loop& each, unsigned) { look_at(each.activity()); });
      next = clock::now() + period_;
      lock.lock();
    }
    deliver(lock);
    if (is_stopping_) return;
  }
}

void stall_detector::watchdog::look_at(detail::loop_activity& activity) noexcept {
  std::lock_guard const lock(detail::stall_listener::mutex());
  auto& seen = activity.seen;
  auto const number = activity.number();
  if (number == 0 || number != seen.number) {
    seen.number = number;
    seen.times = 0;
    seen.since = clock::now();
    return;
  }
  if (++seen.times != times_until_reported) return;
  seen.where = activity.where();
  seen.has_awaited = activity.has_awaited();
  if (activity.mark_reported(number)) add(seen);
}

void stall_detector::watchdog::stall_ended(observation const& seen, std::source_location waits_at) noexcept {
  add(seen, &waits_at);
  wake_.notify_one();
}

void stall_detector::watchdog::add(observation const& seen, std::source_location const* waits_at) noexcept {
  try {
    stall what = stall_of(seen);
    if (waits_at) {
      what.is_over = true;
      what.next_file = detail::file_name(*waits_at);
      what.next_line = waits_at->line();
    }
    reports_.push_back(std::move(what));
  } catch (std::bad_alloc const&) {
    // Out of memory: this report is lost.
  }
}

void stall_detector::watchdog::deliver(std::unique_lock<std::mutex>& lock) noexcept {
  while (!reports_.empty()) {
    auto const reports = std::exchange(reports_, {});
    lock.unlock();
    for (stall const& each : reports) report_(each);
    lock.lock();
  }
}

stall_detector::stall_detector(std::chrono::nanoseconds limit, hook<void(stall const&)> report)
    : watchdog_(new watchdog(limit, report)) {}
stall_detector::~stall_detector() = default;

std::string describe(stall const& what) {
  std::string const held = format_duration(what.duration);
  if (what.function.empty())
    return fmt::format("a posted function {} its loop for {}", what.is_over ? "blocked" : "has blocked", held);
  if (!what.is_over)
    return what.line == 0
               ? fmt::format("{} in {} has blocked its loop for {}, since it started", what.function, what.file, held)
               : fmt::format("{} has blocked its loop for {}, since {}:{}", what.function, held, what.file, what.line);
  auto const begin =
      what.line == 0 ? fmt::format("its start in {}", what.file) : fmt::format("{}:{}", what.file, what.line);
  auto const end = what.next_line == 0 ? std::string("its end") : fmt::format("{}:{}", what.next_file, what.next_line);
  return fmt::format("{} blocked its loop for {}, from {} to {}", what.function, held, begin, end);
}

void print_stall(stall const& what) noexcept {
  try {
    detail::print_line(describe(what));
  } catch (std::exception const&) {
    // Out of memory: nothing is printed.
  }
}

}  // namespace strait
