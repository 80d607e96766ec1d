// Replaces the allocator by one that counts its calls and can make them fail.
#include "allocation_counter.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>

#if STRAIT_TESTS_COUNT_ALLOCATIONS

#include "allocation_failures.hpp"

// glibc's own names for its allocator. operator new calls malloc and is counted, too.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {

std::atomic<long> allocations = 0;
std::atomic<long> live = 0;

/// Counts the allocation. Returns whether it may be made.
bool is_allowed(std::size_t size) noexcept {
  ++allocations;
  if (!strait::test::allocation_fails(size)) return true;
  errno = ENOMEM;
  return false;
}

void* counted(void* block) noexcept {
  if (block) ++live;
  return block;
}

}  // namespace

long strait::test::allocations_so_far() noexcept { return allocations; }
long strait::test::live_allocations() noexcept { return live; }

extern "C" {

void* malloc(std::size_t size) { return is_allowed(size) ? counted(__libc_malloc(size)) : nullptr; }
void* calloc(std::size_t count, std::size_t size) {
  return is_allowed(count * size) ? counted(__libc_calloc(count, size)) : nullptr;
}
void* realloc(void* block, std::size_t size) {
  if (!is_allowed(size)) return nullptr;
  void* const moved = __libc_realloc(block, size);
  if (!block) counted(moved);
  else if (size == 0) --live;
  return moved;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return is_allowed(size) ? counted(__libc_memalign(alignment, size)) : nullptr;
}
void* memalign(std::size_t alignment, std::size_t size) {
  return is_allowed(size) ? counted(__libc_memalign(alignment, size)) : nullptr;
}
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (!is_allowed(size)) return ENOMEM;
  *block = counted(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}
void free(void* block) {
  if (block) --live;
  __libc_free(block);
}
}

#endif
