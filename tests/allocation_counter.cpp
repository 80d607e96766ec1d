// Counts the calls of the allocator, by taking its place.
#include "allocation_counter.hpp"

#include <atomic>
#include <cstdlib>

#if STRAIT_TESTS_COUNT_ALLOCATIONS

// glibc's own names of its allocator; operator new comes here, too.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<long> allocations = 0;

}  // namespace

long strait::test::allocations_so_far() noexcept { return allocations; }

extern "C" {

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  ++allocations;
  return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

#endif
