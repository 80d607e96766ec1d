// The threads that blocking calls run on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "strait/core/detail/intrusive_list.hpp"

namespace strait::detail {

/// A blocking call. Intrusive; belongs to who submits it.
class pool_item : public list_hook<pool_item> {
 public:
  /// Runs on a thread of the pool, for as long as it takes.
  virtual void call() noexcept = 0;
  /// Tells that it has ended, soon after, on the same thread, which may have been given the next one by then. `this`
  /// may be gone when it returns.
  virtual void complete() noexcept = 0;

 protected:
  ~pool_item() = default;
};

/// Threads are begun as they are needed and then stay. A pool is never destroyed, and its threads end with the
/// process: what they do is waited for by tasks, or may be left undone (a look-up that nobody wants any more).
///
/// Of threads with nothing to do, the one that has worked last is given the next call: what it needs is in its
/// processor's cache. One task's calls, one after the other, so run on one thread.
///
/// A call that a thread of the pool itself submits is needed for the one that it runs, and so does not wait for a
/// thread: if none is idle, it is given one above `max_threads`, which ends as soon as a call has ended. Otherwise
/// calls of which each waits for another would keep all threads for ever.
class thread_pool {
 public:
  /// That of `on_thread_pool`.
  static thread_pool& for_calls();

  thread_pool(unsigned max_threads, std::size_t max_waiting) noexcept
      : max_threads_(max_threads), max_waiting_(max_waiting) {}

  /// False: `max_waiting` items wait for a thread already. Throws `error` if there is no thread and none can be begun.
  [[nodiscard]] bool submit(pool_item& item);
  /// True: no thread has begun `item`, and none will.
  bool withdraw(pool_item& item) noexcept;

 private:
  /// A thread's place among those that have nothing to do.
  struct worker {
    std::condition_variable is_given;
    pool_item* item = nullptr;
    worker* next_idle = nullptr;
  };
  bool begin_thread(pool_item& item, bool is_needed);
  void work(pool_item* item) noexcept;
  pool_item* take_waiting() noexcept;

  unsigned const max_threads_;
  std::size_t const max_waiting_;
  std::mutex mutex_;
  worker* idle_ = nullptr;             // the one that has become idle last
  intrusive_list<pool_item> waiting_;  // for a thread, in order
  std::size_t waiting_count_ = 0;
  unsigned threads_ = 0;
};

}  // namespace strait::detail
