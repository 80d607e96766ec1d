// Makes allocations fail on demand. Without sanitizers, with glibc, this works in every test program and for every way
// of allocating; with g++'s sanitizers, which have an allocator of their own, only in the tests of servers and for
// `operator new`; with clang's sanitizers it does not work.
#pragma once

#include <cstddef>

#include "allocation_counter.hpp"
#include "sanitized.hpp"

#if defined(__clang__) && defined(STRAIT_TESTS_SANITIZED)
#define STRAIT_TESTS_FAIL_MEMORY 0
#else
#define STRAIT_TESTS_FAIL_MEMORY 1
#endif

#if STRAIT_TESTS_FAIL_MEMORY

namespace strait::test {

/// While this object exists, allocations of `bytes` or more fail.
class no_memory_from {
 public:
  explicit no_memory_from(std::size_t bytes) noexcept;
  no_memory_from(no_memory_from const&) = delete;
  no_memory_from& operator=(no_memory_from const&) = delete;
  ~no_memory_from();
};

/// Makes `count` allocations of the calling thread fail, after `others` that succeed. `allocation_to_fail(-1)` resets
/// it.
void allocation_to_fail(long others, long count = 1) noexcept;
/// Whether the failures have not all happened yet.
[[nodiscard]] bool allocation_is_to_fail() noexcept;

/// The same for one allocation of any thread.
void allocation_of_any_thread_to_fail(long others) noexcept;
[[nodiscard]] bool allocation_of_any_thread_is_to_fail() noexcept;

}  // namespace strait::test

#endif
