// How often this program has allocated memory, where that can be told: with glibc, and without a sanitizer, which has
// an allocator of its own.
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
/// How many have not been freed.
[[nodiscard]] long live_allocations() noexcept;

/// Allocations during 1000 times `exchange`, once it has run 10 times.
template <class F>
task<long> allocations_of(F exchange) {
  for (int i = 0; i != 10; ++i) co_await exchange();
  long const before = allocations_so_far();
  for (int i = 0; i != 1000; ++i) co_await exchange();
  co_return allocations_so_far() - before;
}

}  // namespace strait::test

#endif
