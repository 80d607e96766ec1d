// Cancels a scope of a loop from any thread.
#include "strait/core/detail/remote_cancel.hpp"

#include <atomic>

#include "core/loop.hpp"

namespace strait::detail {

/// Shared by the scope and by a cancel request that is queued; the last of the two deletes it. `target_` is used only
/// on the loop's thread.
class remote_cancel final : public work {
 public:
  remote_cancel(loop& on, scope& target) noexcept : loop_(on), target_(&target) {}
  void request() noexcept {
    users_.fetch_add(1, std::memory_order_relaxed);
    loop_.post(*this);
  }
  void disconnect() noexcept {
    target_ = nullptr;
    release();
  }
  void run_work() noexcept override {
    if (target_) target_->cancel();
    release();
  }
  void drop_work() noexcept override { release(); }

 private:
  void release() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  loop& loop_;
  scope* target_;
  std::atomic<int> users_ = 1;
};

remote_cancel* connect_remote_cancel(event_loop& loop, scope& target) {
  return new remote_cancel(loop_of(loop), target);
}
void request_remote_cancel(remote_cancel* link) noexcept { link->request(); }
void disconnect_remote_cancel(remote_cancel* link) noexcept { link->disconnect(); }

}  // namespace strait::detail
