// Free lists of coroutine frames by size, one set per thread.
#include "strait/core/detail/frame_memory.hpp"

#include <cstddef>
#include <new>

#include <pthread.h>

namespace strait::detail {
namespace {

#if defined(__SANITIZE_ADDRESS__)
#define STRAIT_FRAMES_FROM_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STRAIT_FRAMES_FROM_HEAP 1
#endif
#endif

#if !defined(STRAIT_FRAMES_FROM_HEAP)

// Sizes are rounded up to a multiple of this, the x86 and ARM cache line.
constexpr std::size_t granule = 64;
constexpr std::size_t classes = largest_recycled_frame / granule;
// The unused memory that a thread keeps, in bytes, at most.
constexpr std::size_t max_kept = 16 * 1024 * 1024;

// Frames are aligned to cache lines so that each touches as few lines as possible.
void* new_block(std::size_t size) { return ::operator new(size, std::align_val_t(granule)); }
void free_block(void* memory) noexcept { ::operator delete(memory, std::align_val_t(granule)); }

constexpr std::size_t class_of(std::size_t size) noexcept { return (size - 1) / granule; }

struct block {
  block* next;
};

struct free_lists {
  enum class use : unsigned char {
    not_yet,  // nothing would free the lists at the end of the thread
    open,
    closed,  // the thread is ending; its thread_local objects may still free frames
  };
  block* first[classes];
  std::size_t room;  // the number of bytes that may still be kept; 0 unless the lists are open
  use state;
};

// It has no destructor, because the C library aborts if it has no memory to register a thread_local destructor.
constinit thread_local free_lists lists{};

void close_lists(void* of_thread) noexcept {
  auto& ended = *static_cast<free_lists*>(of_thread);
  ended.state = free_lists::use::closed;
  ended.room = 0;
  for (block*& list : ended.first)
    while (block* const each = list) {
      list = each->next;
      free_block(each);
    }
}

/// Arranges for the lists to be freed at the end of the thread. If that fails, they stay closed, and no frame is kept.
void open_lists(free_lists& mine) noexcept {
  static pthread_key_t const key = [] {
    pthread_key_t made{};
    return ::pthread_key_create(&made, close_lists) == 0 ? made : static_cast<pthread_key_t>(-1);
  }();
  if (::pthread_setspecific(key, &mine) != 0) return;
  mine.state = free_lists::use::open;
  mine.room = max_kept;
}

void keep(void* memory, std::size_t index, free_lists& mine) noexcept {
  mine.room -= (index + 1) * granule;
  mine.first[index] = ::new (memory) block{mine.first[index]};
}

/// Frees a block for which the lists have no room, unless they only have to be opened. Not inlined, so that
/// `free_frame` saves no registers.
[[gnu::noinline]] void free_without_room(void* memory, std::size_t size) noexcept {
  free_lists& mine = lists;
  if (size <= largest_recycled_frame && mine.state == free_lists::use::not_yet) {
    open_lists(mine);
    if (mine.state == free_lists::use::open) return keep(memory, class_of(size), mine);
  }
  free_block(memory);
}

#endif

}  // namespace

#if defined(STRAIT_FRAMES_FROM_HEAP)

// AddressSanitizer detects misuse of a frame only if its memory is really freed.
void* allocate_frame(std::size_t size) { return ::operator new(size); }
void free_frame(void* memory, std::size_t) noexcept { ::operator delete(memory); }

#else

void* allocate_frame(std::size_t size) {
  if (size > largest_recycled_frame) return new_block(size);
  std::size_t const index = class_of(size);
  free_lists& mine = lists;
  if (block* const reused = mine.first[index]) {
    mine.first[index] = reused->next;
    mine.room += (index + 1) * granule;
    return reused;
  }
  return new_block((index + 1) * granule);
}

void free_frame(void* memory, std::size_t size) noexcept {
  std::size_t const index = class_of(size);
  free_lists& mine = lists;
  if (size > largest_recycled_frame || (index + 1) * granule > mine.room) [[unlikely]]
    return free_without_room(memory, size);
  keep(memory, index, mine);
}

#endif

}  // namespace strait::detail
