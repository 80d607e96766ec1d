// The thread pool: its threads, and the operation that awaits a call.
#include "core/thread_pool.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "base/process_wide.hpp"
#include "core/loop.hpp"
#include "strait/core/thread_pool.hpp"

namespace strait::detail {

namespace {

struct call_pool : thread_pool {
  call_pool() noexcept : thread_pool(thread_pool_size, std::numeric_limits<std::size_t>::max()) {}
};

constinit thread_local thread_pool const* pool_of_this_thread = nullptr;

}  // namespace

thread_pool& thread_pool::for_calls() { return process_wide<call_pool>::instance(); }

bool thread_pool::submit(pool_item& item) {
  std::unique_lock lock(mutex_);
  if (idle_) {
    auto& next = *std::exchange(idle_, idle_->next_idle);
    next.item = &item;
    lock.unlock();
    next.assigned.notify_one();
    return true;
  }
  bool const is_nested = pool_of_this_thread == this;
  if ((is_nested || threads_ < max_threads_) && start_thread(item, is_nested || threads_ == 0)) return true;
  if (waiting_count_ == max_waiting_) return false;
  waiting_.push_back(item);
  ++waiting_count_;
  return true;
}

bool thread_pool::start_thread(pool_item& item, bool is_needed) {
  try {
    std::thread([this, &item] { work(&item); }).detach();
    ++threads_;
    return true;
  } catch (std::system_error const& e) {
    if (is_needed) throw error(e.code(), "start a thread for blocking calls");
    return false;
  }
}

pool_item* thread_pool::take_waiting() noexcept {
  auto* const item = waiting_.front();
  if (!item) return nullptr;
  item->unlink();
  --waiting_count_;
  return item;
}

bool thread_pool::withdraw(pool_item& item) noexcept {
  std::lock_guard const lock(mutex_);
  if (!item.linked()) return false;
  item.unlink();
  --waiting_count_;
  return true;
}

void thread_pool::work(pool_item* item) noexcept {
  pool_of_this_thread = this;
  worker self;
  for (;;) {
    item->call();
    auto& ended = *item;
    std::unique_lock lock(mutex_);
    bool const is_surplus = threads_ > max_threads_;
    if (is_surplus) --threads_;
    item = is_surplus ? nullptr : take_waiting();
    if (!item && !is_surplus) self.next_idle = std::exchange(idle_, &self);
    lock.unlock();
    ended.complete();
    if (is_surplus) return;
    if (item) continue;
    lock.lock();
    self.assigned.wait(lock, [&] { return self.item != nullptr; });
    item = std::exchange(self.item, nullptr);
  }
}

/// The state that a thread of the pool and the awaiting task share. The task may destroy it only after the call has
/// ended.
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
  if (canceled_) return where.completed_at_once(self);
  auto job = std::make_unique<pool_job>(*this, loop_of(where.core()));
  static_cast<void>(thread_pool::for_calls().submit(*job));  // cannot fail: the number of waiting calls is unlimited
  job_ = job.release();
  suspend(where, self);
  return true;
}

void pool_call_base::cancel() noexcept {
  if (!thread_pool::for_calls().withdraw(*job_)) return;
  canceled_ = true;
  resume_soon();
}

void pool_call_base::retire() noexcept {
  if (!job_) return;
  bool const never_begins = canceled_ || (is_waiting() && thread_pool::for_calls().withdraw(*job_));
  if (!never_begins) job_->wait();
  delete std::exchange(job_, nullptr);
}

}  // namespace strait::detail
