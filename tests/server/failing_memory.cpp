// Replaces `operator new` in this program, so that it can fail even with g++'s sanitizers, which have their own malloc.
#include "failing_memory.hpp"

#if STRAIT_TESTS_FAIL_MEMORY && !STRAIT_TESTS_COUNT_ALLOCATIONS

#include <cstdlib>
#include <new>

#include "allocation_failures.hpp"

namespace strait::test {
namespace {

void* try_to_allocate(std::size_t size, std::size_t alignment) noexcept {
  if (allocation_fails(size)) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size != 0 ? size : 1);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate(std::size_t size, std::size_t alignment) {
  void* const block = try_to_allocate(size, alignment);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace
}  // namespace strait::test

void* operator new(std::size_t size) { return strait::test::allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return strait::test::try_to_allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return strait::test::allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment, std::nothrow_t const&) noexcept {
  return strait::test::try_to_allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

#endif
