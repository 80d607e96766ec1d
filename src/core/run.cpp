// Loops on several threads, and loops that signals cancel.
#include "strait/core/run.hpp"

#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
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

/// The loops of `run_on_threads`, so that what ends one can end all.
class crew {
  /// Waits for signals.
  class signal_operation final : public io_operation {
   public:
    signal_operation(crew& of, loop& on) : io_operation(kind::wait_readable), crew_(of), loop_(on) {
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
      do crew_.take_signals();
      while (pipe_->start(*this));
    }
    void cancel() noexcept override {}
    crew& crew_;
    loop& loop_;
    engine::socket* pipe_;
  };

 public:
  /// With `signals`, its first loop watches them for all.
  explicit crew(program_signals* signals = nullptr) noexcept : signals_(signals) {}

  /// A loop of the crew.
  class member {
   public:
    member(crew& of, bool watches_signals) : crew_(of) {
      if (watches_signals) watch_.emplace(crew_, loop_of(loop));
      std::lock_guard const lock(crew_.mutex_);
      crew_.loops_.push_back(&loop);
      if (crew_.is_canceled_) loop.cancel();
    }
    member(member const&) = delete;
    member& operator=(member const&) = delete;
    ~member() {
      std::lock_guard const lock(crew_.mutex_);
      std::erase(crew_.loops_, &loop);
    }
    event_loop loop;

   private:
    crew& crew_;
    std::optional<signal_operation> watch_;
  };

  /// Runs the first loop, on this thread, and returns when the `others`, too, have ended.
  void run_first(unsigned others, loop_runner run, void* context) noexcept {
    run_one(0, run, context);
    if (!signals_) return;
    // They may go on for long, and somebody has to watch the signals for them.
    while (ended_ != others) {
      ::pollfd readable{.fd = signals_->descriptor(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, -1) > 0) take_signals();
    }
  }
  /// Runs another, on this thread.
  void run_other(unsigned index, loop_runner run, void* context) noexcept {
    run_one(index, run, context);
    ++ended_;
    if (signals_) signals_->wake();
  }

  /// Has the loop with this index, on this thread, do what `run` does.
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
    if (dump) dump_running_loops();  // first, so that it shows what is canceled
    if (stop) cancel();
  }

  /// Reserves what the failures of so many loops need, since there may be no memory for it then.
  void expect(unsigned loops) { failures_.reserve(loops); }
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
  std::atomic<unsigned> ended_ = 0;  // of the loops but the first
  std::mutex mutex_;
  std::vector<event_loop*> loops_;
  std::vector<std::exception_ptr> failures_;
  bool is_canceled_ = false;
  bool was_canceled_ = false;
};

void run_crew(crew& all, unsigned count, loop_runner run, void* context) {
  if (count == 0) throw std::invalid_argument("strait: run_on_threads needs at least one thread");
  all.expect(count);
  std::vector<std::jthread> others;
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
  crew all;
  run_crew(all, count, run, context);
}

void run_until_signal(unsigned count, loop_runner run, void* context) {
  program_signals signals;
  crew all(&signals);
  run_crew(all, count, run, context);
}

struct loop_until_signal::state {
  program_signals signals;
  crew all{&signals};
  crew::member member{all, true};
};

loop_until_signal::loop_until_signal() : state_(new state) {}
loop_until_signal::~loop_until_signal() { delete state_; }
event_loop* loop_until_signal::operator->() const noexcept { return &state_->member.loop; }

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
