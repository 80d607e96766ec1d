// Memory that runs out when a test says so, where that can be done: clang's sanitizers suffer no allocator but their
// own.
#pragma once

#include <cstddef>

#include "sanitized.hpp"

#if defined(__clang__) && defined(STRAIT_TESTS_SANITIZED)
#define STRAIT_TESTS_FAIL_MEMORY 0
#else
#define STRAIT_TESTS_FAIL_MEMORY 1
#endif

#if STRAIT_TESTS_FAIL_MEMORY

namespace strait::test {

/// While it lives, this program's `operator new` fails for blocks of so many bytes or more.
class no_memory_from {
 public:
  explicit no_memory_from(std::size_t bytes) noexcept;
  no_memory_from(no_memory_from const&) = delete;
  no_memory_from& operator=(no_memory_from const&) = delete;
  ~no_memory_from();
};

/// Has one `operator new` of the calling thread fail, after `others` that do not. `allocation_to_fail(-1)`: none.
void allocation_to_fail(long others) noexcept;
/// Whether it has not come to that yet.
[[nodiscard]] bool allocation_is_to_fail() noexcept;

}  // namespace strait::test

#endif
