// The threads that blocking calls run on.
#pragma once

#include <condition_variable>
#include <mutex>

namespace strait::detail {

/// A blocking call. Intrusive; belongs to who submits it.
class pool_item {
 public:
  /// Runs on a thread of the pool. `this` may be gone when it returns.
  virtual void execute() noexcept = 0;

 protected:
  ~pool_item() = default;

 private:
  friend class thread_pool;
  pool_item* next_ = nullptr;
};

/// Threads are begun as they are needed and then stay. The pool is never destroyed, and its threads end with the
/// process: what they do is waited for by tasks, or may be left undone (a look-up that nobody wants any more).
class thread_pool {
 public:
  static thread_pool& instance();
  /// Throws `error` if there is no thread and none can be begun.
  void submit(pool_item& item);
  /// True: no thread has begun `item`, and none will.
  bool withdraw(pool_item& item) noexcept;

 private:
  void begin_thread();
  void work_forever() noexcept;
  std::mutex mutex_;
  std::condition_variable submitted_;
  pool_item* first_ = nullptr;
  pool_item* last_ = nullptr;
  unsigned waiting_ = 0;
  unsigned idle_ = 0;
  unsigned threads_ = 0;
};

}  // namespace strait::detail
