// Recycling of coroutine frames: in steady state, tasks do not allocate.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <strait/core/as_result.hpp>
#include <strait/core/detail/frame_memory.hpp>
#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>
#include <strait/core/when_all.hpp>
#include <strait/core/when_any.hpp>

#include "catch.hpp"
#include "waiting.hpp"

using namespace strait;
using namespace test;
using namespace std::chrono_literals;

TEST_CASE("frame memory of any size is usable over its whole length") {
  for (std::size_t size : {1u, 63u, 64u, 65u, 1'000u, 16u * 1'024u, 16u * 1'024u + 1u, 100'000u}) {
    auto* const memory = static_cast<unsigned char*>(detail::allocate_frame(size));
    std::fill(memory, memory + size, static_cast<unsigned char>(0xa5));
    detail::free_frame(memory, size);
  }
}

TEST_CASE("a frame may be freed on another thread than the one that allocated it", "[threads]") {
  std::vector<void*> frames;
  for (int i = 0; i != 100; ++i) frames.push_back(detail::allocate_frame(200));
  std::jthread([&] {
    for (void* each : frames) detail::free_frame(each, 200);
  }).join();
}

#if !defined(STRAIT_TESTS_SANITIZED)

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  auto const unit = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {  // if this is inlined, g++ reports free() as a mismatch
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

// The number of allocations in 100 rounds, after some rounds of warm-up.
template <class Round>
std::size_t allocations_of(Round round) {
  return run([&]() -> task<std::size_t> {
    for (int i = 0; i != 10; ++i) co_await round();
    std::size_t const before = allocations;
    for (int i = 0; i != 100; ++i) co_await round();
    co_return allocations - before;
  });
}

task<int> return_value(int value) { co_return value; }

// The compiler must keep in the frame whatever this points to.
void* volatile escaped = nullptr;

// A frame of at least `Size` bytes.
template <std::size_t Size>
task<> work_in() {
  char memory[Size];
  escaped = memory;
  co_await yield();
  escaped = memory;
}

}  // namespace

TEST_CASE("the allocation counter counts") {
  CHECK(allocations_of([]() -> task<> {
          ::operator delete(::operator new(1));  // a call; the compiler may omit a new-expression
          co_return;
        }) == 100);
}

TEST_CASE("awaiting a task does not allocate") {
  CHECK(allocations_of([]() -> task<> {
          int const value = co_await return_value(1);
          if (value != 1) throw value;
        }) == 0);
}

TEST_CASE("a task with a frame of nearly 16 KiB does not allocate") { CHECK(allocations_of(work_in<15 * 1'024>) == 0); }

TEST_CASE("a task with a frame of more than 16 KiB allocates each time") {
  CHECK(allocations_of(work_in<17 * 1'024>) == 100);
}

TEST_CASE("tasks that await tasks do not allocate at any depth") {
  auto const descend = [](auto const& self, int levels) -> task<> {
    if (levels > 0) co_await self(self, levels - 1);
  };
  CHECK(allocations_of([&]() -> task<> { co_await descend(descend, 50); }) == 0);
}

TEST_CASE("a group and its children do not allocate") {
  CHECK(allocations_of([]() -> task<> {
          co_await with_task_group([](task_group& group) -> task<> {
            for (int i = 0; i != 5; ++i) group.spawn(turns(2));
            group.spawn([i = 1]() -> task<> { co_await turns(i); });
            co_return;
          });
        }) == 0);
}

TEST_CASE("yield and sleep do not allocate") {
  CHECK(allocations_of([]() -> task<> {
          co_await yield();
          co_await sleep_for(10us);
        }) == 0);
}

TEST_CASE("a timeout that does not expire does not allocate") {
  CHECK(allocations_of([]() -> task<> { co_await timeout(1h, turns(1)); }) == 0);
}

TEST_CASE("a scope and a shield do not allocate") {
  CHECK(allocations_of([]() -> task<> {
          cancel_scope scope;
          co_await scope.run(turns(1));
          co_await shield(turns(1));
        }) == 0);
}

TEST_CASE("when_all does not allocate") {
  CHECK(allocations_of([]() -> task<> { co_await when_all(turns(1), return_value(2)); }) == 0);
}

TEST_CASE("as_result of a task that succeeds does not allocate") {
  CHECK(allocations_of([]() -> task<> {
          auto const value = co_await as_result(return_value(1));
          if (!value) throw value.error();
        }) == 0);
}

TEST_CASE("a post allocates once for the function that it stores") {
  CHECK(allocations_of([]() -> task<> {
          event_loop& loop = co_await current_loop();
          loop.post([] {});
          co_await yield();
        }) == 100);
}

#endif
