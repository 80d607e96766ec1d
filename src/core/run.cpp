// run_on_threads and run_until_signal: loops on several threads, canceled together or by signals.
#include "strait/core/run.hpp"

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "core/program_signals.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task_group.hpp"

namespace strait::detail {
namespace {

/// The loops of one `run_on_threads` or `run_until_signal` call, which are canceled together.
class loop_set {
  /// Waits until a signal has been received.
  class signal_operation final : public io_operation {
   public:
    signal_operation(loop_set& of, loop& on) : io_operation(kind::wait_readable), set_(of), loop_(on) {
      int const descriptor = ::fcntl(of.signals_->descriptor(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      if (descriptor < 0) throw error({errno, std::generic_category()}, "watch for signals");
      try {
        pipe_ = &on.engine().attach(descriptor);
      } catch (std::system_error const& e) {
        ::close(descriptor);
        throw error(e.code(), "watch for signals");
      } catch (...) {
        ::close(descriptor);
        throw;
      }
      if (pipe_->start(*this)) run_soon(loop_, *this);
    }
    ~signal_operation() {
      forget(loop_, *this);
      pipe_->abandon(*this);
      pipe_->close();
    }

   private:
    void io_done() noexcept override {
      do set_.take_signals();
      while (pipe_->start(*this));
    }
    void cancel() noexcept override {}
    loop_set& set_;
    loop& loop_;
    engine::socket* pipe_;
  };

 public:
  /// If `signals` is not null, the first loop handles them for all.
  explicit loop_set(program_signals* signals = nullptr) noexcept : signals_(signals) {}

  /// A loop of the set.
  class member {
   public:
    member(loop_set& of, bool watches_signals) : set_(of) {
      if (watches_signals) watch_.emplace(set_, loop_of(loop));
      std::lock_guard const lock(set_.mutex_);
      set_.loops_.push_back(&loop);
      if (set_.is_canceled_) loop.cancel();
    }
    member(member const&) = delete;
    member& operator=(member const&) = delete;
    ~member() {
      std::lock_guard const lock(set_.mutex_);
      std::erase(set_.loops_, &loop);
    }
    event_loop loop;

   private:
    loop_set& set_;
    std::optional<signal_operation> watch_;
  };

  /// Runs the first loop on this thread; returns when it and the `others` have ended.
  void run_first(unsigned others, loop_runner run, void* context) noexcept {
    run_one(0, run, context);
    if (!signals_) return;
    // The others may run much longer, so this thread continues to handle the signals for them.
    while (ended_ != others) {
      ::pollfd readable{.fd = signals_->descriptor(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, -1) > 0) take_signals();
    }
  }
  /// Runs another loop on this thread.
  void run_other(unsigned index, loop_runner run, void* context) noexcept {
    run_one(index, run, context);
    ++ended_;
    if (signals_) signals_->wake();
  }

  /// Creates the loop with this index on this thread and calls `run` with it.
  void run_one(unsigned index, loop_runner run, void* context) noexcept {
    try {
      member self(*this, index == 0 && signals_);
      run(context, self.loop, index);
    } catch (canceled const&) {
      std::lock_guard const lock(mutex_);
      was_canceled_ = true;
    } catch (...) {
      std::lock_guard const lock(mutex_);
      failures_.push_back(std::current_exception());
      cancel_locked();
    }
  }

  void cancel() noexcept {
    std::lock_guard const lock(mutex_);
    cancel_locked();
  }

  void take_signals() noexcept {
    auto const [stop, dump] = signals_->take();
    if (dump) dump_running_loops();  // first, so that it shows the tasks before they are canceled
    if (stop) cancel();
  }

  /// Reserves memory for the failures of this many loops, because there may be none when they occur.
  void reserve_failures(unsigned loops) { failures_.reserve(loops); }
  /// Throws the failures, or `canceled` if a loop ended with it.
  void rethrow() {
    if (failures_.size() == 1) std::rethrow_exception(failures_.front());
    if (!failures_.empty()) throw multiple_errors(failures_.data(), failures_.size());
    if (was_canceled_) throw canceled();
  }

 private:
  void cancel_locked() noexcept {
    if (is_canceled_) return;
    is_canceled_ = true;
    for (event_loop* each : loops_) each->cancel();
  }

  program_signals* const signals_;
  std::atomic<unsigned> ended_ = 0;  // how many loops have ended, without the first
  std::mutex mutex_;
  std::vector<event_loop*> loops_;
  std::vector<std::exception_ptr> failures_;
  bool is_canceled_ = false;
  bool was_canceled_ = false;
};

/// A std::jthread, which libc++ lacks before version 20.
class joined_thread {
 public:
  template <class F>
  explicit joined_thread(F body) : thread_(std::move(body)) {}
  joined_thread(joined_thread&&) = default;
  ~joined_thread() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

void run_loops(loop_set& all, unsigned count, loop_runner run, void* context) {
  if (count == 0) throw std::invalid_argument("strait: run_on_threads needs at least one thread");
  all.reserve_failures(count);
  std::vector<joined_thread> others;
  try {
    for (unsigned i = 1; i < count; ++i) others.emplace_back([&, i] { all.run_other(i, run, context); });
  } catch (std::system_error const& e) {
    all.cancel();
    throw error(e.code(), fmt::format("start thread {} of {}", others.size() + 2, count));
  } catch (...) {
    all.cancel();
    throw;
  }
  all.run_first(static_cast<unsigned>(others.size()), run, context);
  others.clear();
  all.rethrow();
}

}  // namespace

void run_on_threads(unsigned count, loop_runner run, void* context) {
  loop_set all;
  run_loops(all, count, run, context);
}

void run_until_signal(unsigned count, loop_runner run, void* context) {
  program_signals signals;
  loop_set all(&signals);
  run_loops(all, count, run, context);
}

struct loop_until_signal::state {
  program_signals signals;
  loop_set all{&signals};
  loop_set::member member{all, true};
};

loop_until_signal::loop_until_signal() : state_(new state) {}
loop_until_signal::~loop_until_signal() { delete state_; }
event_loop* loop_until_signal::operator->() const noexcept { return &state_->member.loop; }

template int run_for_status(task<> (*make)(void* context), void* context) noexcept;
template int run_for_status(task<int> (*make)(void* context), void* context) noexcept;

int exit_status() noexcept {
  try {
    throw;
  } catch (canceled const&) {
    return 0;
  } catch (...) {
    print_failure(std::current_exception());
    return 1;
  }
}

}  // namespace strait::detail
