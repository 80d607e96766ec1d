// The gate in front of the C library's resolver; see faulty_names.cpp.
#include "slow_resolver.hpp"

#include <condition_variable>
#include <mutex>

namespace strait::test {
namespace {

std::mutex mutex;
std::condition_variable changed;
bool is_open = true;
std::size_t calls_begun = 0;
std::size_t calls_waiting = 0;

}  // namespace

slow_resolver::slow_resolver() {
  std::lock_guard const lock(mutex);
  is_open = false;
  calls_begun = 0;
}

slow_resolver::~slow_resolver() {
  release();
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return calls_waiting == 0; });
}

std::size_t slow_resolver::begun() noexcept {
  std::lock_guard const lock(mutex);
  return calls_begun;
}

void slow_resolver::release() {
  std::lock_guard const lock(mutex);
  is_open = true;
  changed.notify_all();
}

void slow_resolver::pass_gate() {
  std::unique_lock lock(mutex);
  ++calls_begun;
  ++calls_waiting;
  changed.wait(lock, [] { return is_open; });
  --calls_waiting;
  changed.notify_all();
}

}  // namespace strait::test
