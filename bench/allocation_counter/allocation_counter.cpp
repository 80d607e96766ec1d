// A library to be preloaded into a server. It counts the server's heap allocations in a file that another process maps
// and reads at the same time.
//
// operator new is counted through the malloc or aligned_alloc that it calls. Needs glibc, since it uses glibc's
// internal names of the allocator.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

using counter = std::atomic<std::uint64_t>;
static_assert(sizeof(counter) == 8 && counter::is_always_lock_free);

counter before_the_file_is_mapped;
counter* allocations = &before_the_file_is_mapped;

[[gnu::constructor]] void map_counter() {
  char const* path = std::getenv("STRAIT_ALLOCATION_COUNTER");
  if (path == nullptr) return;
  int const fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (ftruncate(fd, sizeof(counter)) == 0) {
    void* const memory = mmap(nullptr, sizeof(counter), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED) allocations = static_cast<counter*>(memory);
  }
  close(fd);
}

void count() { allocations->fetch_add(1, std::memory_order_relaxed); }

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  void* const result = memalign(alignment, size);
  if (result == nullptr) return ENOMEM;
  *memory = result;
  return 0;
}
}
