// thread_pool: the threads that blocking calls run on.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "strait/core/detail/intrusive_list.hpp"

namespace strait::detail {

/// A blocking call. Owned by the submitter; it must stay valid until `complete` is called or `withdraw` succeeds.
class pool_item : public list_hook<pool_item> {
 public:
  /// Runs on a thread of the pool, for as long as it takes.
  virtual void call() noexcept = 0;
  /// Called on the same thread soon after `call` has returned; the thread may already have been assigned its next call.
  /// `this` may have been destroyed when this function returns.
  virtual void complete() noexcept = 0;

 protected:
  ~pool_item() = default;
};

/// Threads are started on demand and then kept. A pool is never destroyed, and its threads end with the process: a call
/// is either awaited by a task, or may be abandoned (a name lookup whose result is no longer needed).
///
/// The next call is assigned to the thread that became idle last, because its processor's cache is warmest. So the
/// calls that one task makes one after another run on one thread.
///
/// A call submitted on a thread of the pool is needed by the call that runs there, and therefore is never queued: if no
/// thread is idle, one more than `max_threads` is started, and a thread ends as soon as a call has ended. Otherwise
/// calls that wait for each other could block all threads forever.
class thread_pool {
 public:
  /// The pool of `on_thread_pool`.
  static thread_pool& for_calls();

  thread_pool(unsigned max_threads, std::size_t max_waiting) noexcept
      : max_threads_(max_threads), max_waiting_(max_waiting) {}

  /// Starts `item` or queues it. Returns false if `max_waiting` items are already queued. Throws `error` if the pool
  /// has no thread and none can be started.
  [[nodiscard]] bool submit(pool_item& item);
  /// Removes `item` from the queue. Returns true if it has not been started, and never will be.
  bool withdraw(pool_item& item) noexcept;

 private:
  /// An idle thread.
  struct worker {
    std::condition_variable assigned;
    pool_item* item = nullptr;
    worker* next_idle = nullptr;
  };
  bool start_thread(pool_item& item, bool is_needed);
  void work(pool_item* item) noexcept;
  pool_item* take_waiting() noexcept;

  unsigned const max_threads_;
  std::size_t const max_waiting_;
  std::mutex mutex_;
  worker* idle_ = nullptr;             // a stack: the thread that became idle last is on top
  intrusive_list<pool_item> waiting_;  // queued, in order of submission
  std::size_t waiting_count_ = 0;
  unsigned threads_ = 0;
};

}  // namespace strait::detail
