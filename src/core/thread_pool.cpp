// Blocking calls: the pool's threads, and the awaiting of what they do.
#include "core/thread_pool.hpp"

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "core/loop.hpp"
#include "strait/core/thread_pool.hpp"

namespace strait::detail {

thread_pool& thread_pool::instance() {
  static thread_pool& pool = *new thread_pool;
  return pool;
}

void thread_pool::submit(pool_item& item) {
  std::unique_lock lock(mutex_);
  if (idle_) {
    auto& next = *std::exchange(idle_, idle_->next_idle);
    next.item = &item;
    lock.unlock();
    next.is_given.notify_one();
  } else if (threads_ == thread_pool_size || !begin_thread(item)) {
    append(item);
  }
}

bool thread_pool::begin_thread(pool_item& item) {
  try {
    std::thread([this, &item] { work_forever(&item); }).detach();
    ++threads_;
    return true;
  } catch (std::system_error const& e) {
    if (threads_ == 0) throw error(e.code(), "begin a thread for blocking calls");
    return false;
  }
}

void thread_pool::append(pool_item& item) noexcept {
  item.next_ = nullptr;
  (last_ ? last_->next_ : first_) = &item;
  last_ = &item;
}

pool_item* thread_pool::take_waiting() noexcept {
  auto* const item = first_;
  if (item) first_ = item->next_;
  if (!first_) last_ = nullptr;
  return item;
}

bool thread_pool::withdraw(pool_item& item) noexcept {
  std::lock_guard const lock(mutex_);
  pool_item* previous = nullptr;
  for (pool_item* each = first_; each; previous = each, each = each->next_) {
    if (each != &item) continue;
    (previous ? previous->next_ : first_) = item.next_;
    if (last_ == &item) last_ = previous;
    return true;
  }
  return false;
}

void thread_pool::work_forever(pool_item* item) noexcept {
  worker self;
  for (;;) {
    item->call();
    auto& ended = *item;
    std::unique_lock lock(mutex_);
    item = take_waiting();
    if (!item) self.next_idle = std::exchange(idle_, &self);
    lock.unlock();
    ended.complete();
    if (item) continue;
    lock.lock();
    self.is_given.wait(lock, [&] { return self.item != nullptr; });
    item = std::exchange(self.item, nullptr);
  }
}

/// What a thread of the pool and an awaiting task share. The task's side may be destroyed only when the call has ended.
class pool_job final : public pool_item {
 public:
  pool_job(pool_call_base& call, loop& on) noexcept : call_(call), loop_(on) {}

  void call() noexcept override { call_.call(); }
  void complete() noexcept override {
    std::lock_guard const lock(mutex_);
    has_ended_ = true;
    loop_.post(call_);
    ended_.notify_all();
  }
  void wait() noexcept {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return has_ended_; });
  }

 private:
  pool_call_base& call_;
  loop& loop_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
};

bool pool_call_base::start(branch& where, std::coroutine_handle<> self) {
  canceled_ = where.is_canceled();
  if (canceled_) return false;
  auto job = std::make_unique<pool_job>(*this, loop_of(where.core()));
  thread_pool::instance().submit(*job);
  job_ = job.release();
  suspend(where, self);
  return true;
}

void pool_call_base::cancel() noexcept {
  if (!thread_pool::instance().withdraw(*job_)) return;
  canceled_ = true;
  resume_soon();
}

void pool_call_base::retire() noexcept {
  if (!job_) return;
  bool const never_begins = canceled_ || (is_waiting() && thread_pool::instance().withdraw(*job_));
  if (!never_begins) job_->wait();
  delete std::exchange(job_, nullptr);
}

}  // namespace strait::detail
