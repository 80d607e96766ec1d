// The threads that blocking calls run on.
#pragma once

#include <condition_variable>
#include <mutex>

namespace strait::detail {

/// A blocking call. Intrusive; belongs to who submits it.
class pool_item {
 public:
  /// Runs on a thread of the pool, for as long as it takes.
  virtual void call() noexcept = 0;
  /// Tells that it has ended, soon after, on the same thread, which may have been given the next one by then. `this`
  /// may be gone when it returns.
  virtual void complete() noexcept = 0;

 protected:
  ~pool_item() = default;

 private:
  friend class thread_pool;
  pool_item* next_ = nullptr;
};

/// Threads are begun as they are needed and then stay. The pool is never destroyed, and its threads end with the
/// process: what they do is waited for by tasks, or may be left undone (a look-up that nobody wants any more).
///
/// Of threads with nothing to do, the one that has worked last is given the next call: what it needs is in its
/// processor's cache. One task's calls, one after the other, so run on one thread.
class thread_pool {
 public:
  static thread_pool& instance();
  /// Throws `error` if there is no thread and none can be begun.
  void submit(pool_item& item);
  /// True: no thread has begun `item`, and none will.
  bool withdraw(pool_item& item) noexcept;

 private:
  /// A thread's place among those that have nothing to do.
  struct worker {
    std::condition_variable is_given;
    pool_item* item = nullptr;
    worker* next_idle = nullptr;
  };
  bool begin_thread(pool_item& item);
  void work_forever(pool_item* item) noexcept;
  void append(pool_item& item) noexcept;
  pool_item* take_waiting() noexcept;

  std::mutex mutex_;
  worker* idle_ = nullptr;      // the one that has become idle last
  pool_item* first_ = nullptr;  // of those that wait for a thread, in order
  pool_item* last_ = nullptr;
  unsigned threads_ = 0;
};

}  // namespace strait::detail
