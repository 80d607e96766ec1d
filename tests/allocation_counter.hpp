// Counts this program's allocations. Available with glibc and without sanitizers, which have an allocator of their own.
#pragma once

#include <cstddef>  // defines __GLIBC__

#include <strait/core/task.hpp>

#include "sanitized.hpp"

#if defined(__GLIBC__) && !defined(STRAIT_TESTS_SANITIZED)
#define STRAIT_TESTS_COUNT_ALLOCATIONS 1
#else
#define STRAIT_TESTS_COUNT_ALLOCATIONS 0
#endif

#if STRAIT_TESTS_COUNT_ALLOCATIONS

namespace strait::test {

[[nodiscard]] long allocations_so_far() noexcept;
/// The number of allocations that have not been freed.
[[nodiscard]] long live_allocations() noexcept;

/// The number of allocations in 1000 calls of `exchange`, after 10 calls to warm up.
template <class F>
task<long> allocations_of(F exchange) {
  for (int i = 0; i != 10; ++i) co_await exchange();
  long const before = allocations_so_far();
  for (int i = 0; i != 1000; ++i) co_await exchange();
  co_return allocations_so_far() - before;
}

}  // namespace strait::test

#endif
