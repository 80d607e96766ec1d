// Loops on several threads, and the signals of a program.
#include "strait/core/run.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "strait/base/error.hpp"
#include "strait/core/task_group.hpp"

namespace strait::detail {
namespace {

/// The loops of `run_on_threads`, so that what ends one can end all.
class crew {
 public:
  /// `signals` becomes readable when a signal has come; -1: nothing to watch. It is the first loop that does.
  explicit crew(int signals = -1) noexcept : signals_(signals) {}

  /// Runs `make(context, index)` on a loop of this thread.
  void run_one(unsigned index, task_factory make, void* context) noexcept {
    try {
      event_loop loop;
      membership const member(*this, loop);
      std::optional<signal_operation> signal;
      if (index == 0 && signals_ >= 0) signal.emplace(*this, loop_of(loop).engine());
      loop.run(make(context, index));
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

  void rethrow() {
    if (failures_.size() == 1) std::rethrow_exception(failures_.front());
    if (!failures_.empty()) throw multiple_errors(failures_.data(), failures_.size());
    if (was_canceled_) throw canceled();
  }

 private:
  /// Waits for the pipe that the signal handler writes to.
  class signal_operation final : public io_operation {
   public:
    signal_operation(crew& of, engine::engine& engine) : io_operation(kind::wait_readable), crew_(of) {
      int const descriptor = ::fcntl(of.signals_, F_DUPFD_CLOEXEC, 0);
      if (descriptor < 0) throw error({errno, std::generic_category()}, "watch signals");
      pipe_ = &engine.attach(descriptor);
      if (pipe_->start(*this)) io_done();
    }
    ~signal_operation() {
      pipe_->abandon(*this);
      pipe_->close();
    }

   private:
    void io_done() noexcept override { crew_.cancel(); }
    void cancel() noexcept override {}
    crew& crew_;
    engine::socket* pipe_;
  };

  class membership {
   public:
    membership(crew& of, event_loop& loop) : crew_(of), loop_(loop) {
      std::lock_guard const lock(crew_.mutex_);
      crew_.loops_.push_back(&loop_);
      if (crew_.is_canceled_) loop_.cancel();
    }
    membership(membership const&) = delete;
    membership& operator=(membership const&) = delete;
    ~membership() {
      std::lock_guard const lock(crew_.mutex_);
      std::erase(crew_.loops_, &loop_);
    }

   private:
    crew& crew_;
    event_loop& loop_;
  };

  void cancel_locked() noexcept {
    if (is_canceled_) return;
    is_canceled_ = true;
    for (event_loop* each : loops_) each->cancel();
  }

  int const signals_;
  std::mutex mutex_;
  std::vector<event_loop*> loops_;
  std::vector<std::exception_ptr> failures_;
  bool is_canceled_ = false;
  bool was_canceled_ = false;
};

void run_crew(crew& all, unsigned count, task_factory make, void* context) {
  if (count == 0) throw std::invalid_argument("strait: run_on_threads needs at least one thread");
  std::vector<std::jthread> others;
  try {
    for (unsigned i = 1; i < count; ++i) others.emplace_back([&, i] { all.run_one(i, make, context); });
  } catch (std::system_error const& e) {
    all.cancel();
    throw error(e.code(), fmt::format("begin thread {} of {}", others.size() + 2, count));
  }
  all.run_one(0, make, context);
  others.clear();
  all.rethrow();
}

/// While it exists, the first SIGINT or SIGTERM makes `descriptor()` readable and the second one ends the process.
class signal_watch {
 public:
  signal_watch() {
    if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) throw error({errno, std::generic_category()}, "watch signals");
    received = 0;
    written_to = pipe_[1];
    struct sigaction action{};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i != signals.size(); ++i) ::sigaction(signals[i], &action, &former_[i]);
  }
  signal_watch(signal_watch const&) = delete;
  signal_watch& operator=(signal_watch const&) = delete;
  ~signal_watch() {
    for (std::size_t i = 0; i != signals.size(); ++i) ::sigaction(signals[i], &former_[i], nullptr);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  [[nodiscard]] int descriptor() const noexcept { return pipe_[0]; }

 private:
  static constexpr std::array signals{SIGINT, SIGTERM};
  static inline std::atomic<int> received = 0;
  static inline std::atomic<int> written_to = -1;

  // Runs in the middle of anything: it may only do what is async-signal-safe.
  static void on_signal(int signal) {
    if (received.exchange(1) != 0) ::_exit(128 + signal);
    int const saved = errno;
    auto const byte = static_cast<char>(signal);
    [[maybe_unused]] auto const ignored = ::write(written_to, &byte, 1);
    errno = saved;
  }

  int pipe_[2] = {-1, -1};
  struct sigaction former_[signals.size()]{};
};

}  // namespace

void run_on_threads(unsigned count, task_factory make, void* context) {
  crew all;
  run_crew(all, count, make, context);
}

int run_main(unsigned count, task_factory make, void* context) noexcept {
  try {
    signal_watch const watch;
    crew all(watch.descriptor());
    run_crew(all, count, make, context);
    return 0;
  } catch (canceled const&) {
    return 0;
  } catch (...) {
    print_failure(std::current_exception());
    return 1;
  }
}

}  // namespace strait::detail
