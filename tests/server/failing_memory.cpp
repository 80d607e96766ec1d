// The allocator of this program: it takes the place of the standard library's, and fails when told to.
#include "failing_memory.hpp"

#if STRAIT_TESTS_FAIL_MEMORY

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

namespace strait::test {
namespace {

std::atomic<std::size_t> least_to_fail = std::numeric_limits<std::size_t>::max();
thread_local long others_before_failure = -1;

bool fails(std::size_t size) noexcept {
  if (size >= least_to_fail) return true;
  return others_before_failure >= 0 && others_before_failure-- == 0;
}

void* try_to_allocate(std::size_t size, std::size_t alignment) noexcept {
  if (fails(size)) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size != 0 ? size : 1);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate(std::size_t size, std::size_t alignment) {
  void* const block = try_to_allocate(size, alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

no_memory_from::no_memory_from(std::size_t bytes) noexcept { least_to_fail = bytes; }
no_memory_from::~no_memory_from() { least_to_fail = std::numeric_limits<std::size_t>::max(); }

void allocation_to_fail(long others) noexcept { others_before_failure = others; }
bool allocation_is_to_fail() noexcept { return others_before_failure >= 0; }

}  // namespace strait::test

void* operator new(std::size_t size) { return strait::test::allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return strait::test::try_to_allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return strait::test::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

#endif
