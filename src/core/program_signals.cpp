// Signal handling of run_until_signal and run_main.
#include "core/program_signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "core/running_loops.hpp"
#include "strait/base/error.hpp"
#include "strait/core/dump_tasks.hpp"

namespace strait::detail {
namespace {

constexpr std::array handled{SIGINT, SIGTERM, SIGUSR1};

// Everything that the handler uses has static storage and is never released, because the handler may still run on
// another thread after the `program_signals` has been destroyed. So the pipe stays open, too.

// Received signals are recorded here and not in the pipe, which may be full. A byte in the pipe only wakes the reader.
std::atomic<bool> stop_received = false;
std::atomic<bool> stop_pending = false;
std::atomic<bool> dump_pending = false;

// The process that the pipe belongs to. A forked child inherits the handlers and the pipe, and must not write to it.
std::atomic<::pid_t> pipe_owner = 0;
std::array<std::atomic<int>, 2> signal_pipe{-1, -1};

struct disposition {
  struct sigaction former{};
  bool is_caught = false;
};
std::array<disposition, handled.size()> dispositions;

std::atomic<::pid_t> user = 0;  // the process that has a `program_signals`

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
                  std::atomic<::pid_t>::is_always_lock_free,
              "a signal handler may use only lock-free atomics");

void write_byte() noexcept {
  char const byte = 0;
  [[maybe_unused]] auto const ignored = ::write(signal_pipe[1], &byte, 1);
}

// In a forked child: restores the former handling of the signal, and raises it again.
void decline(int signal) noexcept {
  for (std::size_t i = 0; i != handled.size(); ++i)
    if (handled[i] == signal) ::sigaction(signal, &dispositions[i].former, nullptr);
  ::raise(signal);  // is delivered when the handler returns
}

// The signal handler. It may call only async-signal-safe functions.
void on_signal(int signal) {
  int const saved = errno;
  if (pipe_owner != ::getpid()) {
    decline(signal);
  } else if (signal == SIGUSR1) {
    dump_pending = true;
    write_byte();
  } else {
    if (stop_received.exchange(true)) ::_exit(128 + signal);
    stop_pending = true;
    write_byte();
  }
  errno = saved;
}

void open_pipe() {
  if (pipe_owner == ::getpid()) return;
  std::array<int, 2> made{};
  if (::pipe2(made.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw error({errno, std::generic_category()}, "watch for signals");
  for (int& each : made) each = above_standard_streams(each);
  if (made[0] < 0 || made[1] < 0) {
    int const failure = errno;
    for (int const each : made) ::close(each);
    throw error({failure, std::generic_category()}, "watch for signals");
  }
  for (std::size_t i = 0; i != made.size(); ++i) signal_pipe[i] = made[i];
  pipe_owner = ::getpid();
}

bool is_respected(int signal, struct sigaction const& present) noexcept {
  return signal == SIGUSR1 ? present.sa_handler != SIG_DFL : present.sa_handler == SIG_IGN;
}

void catch_signal(std::size_t index) noexcept {
  auto& [former, is_caught] = dispositions[index];
  int const signal = handled[index];
  struct sigaction present{};
  ::sigaction(signal, nullptr, &present);
  // Otherwise the handler is inherited from the parent process, and so is `former`.
  if (present.sa_handler != &on_signal) former = present;
  is_caught = false;
  if (is_respected(signal, former)) return;
  struct sigaction action{};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  is_caught = ::sigaction(signal, &action, nullptr) == 0;
}

/// The calling thread's id as ps -L, top -H and gdb show it.
unsigned long thread_number() {
#if defined(__linux__)
  return static_cast<unsigned long>(::gettid());
#else
  return std::hash<std::thread::id>()(std::this_thread::get_id());
#endif
}

void write_dump(event_loop const& loop, bool is_alone) noexcept {
  try {
    std::string text = is_alone ? std::string() : fmt::format("thread {}:\n", thread_number());
    text += dump_tasks(loop);
    write_to_stderr(text);
  } catch (std::exception const&) {
    // Out of memory: nothing is written.
  }
}

}  // namespace

void dump_running_loops() noexcept {
  try {
    running_loops::instance().for_each([](loop& each, unsigned count) {
      event_loop& handle = each.handle();
      handle.post([&handle, is_alone = count == 1] { write_dump(handle, is_alone); });
    });
  } catch (std::exception const&) {
    // Out of memory: nothing is written.
  }
}

program_signals::program_signals() {
  auto const self = ::getpid();
  auto before = user.load();
  if (before == self || !user.compare_exchange_strong(before, self))
    throw std::logic_error(
        "strait: run_until_signal (or run_main) is already running in this process; only one can handle its signals");
  try {
    open_pipe();
  } catch (...) {
    user = 0;
    throw;
  }
  stop_received = stop_pending = dump_pending = false;
  for (std::size_t i = 0; i != handled.size(); ++i) catch_signal(i);
}

program_signals::~program_signals() {
  for (std::size_t i = 0; i != handled.size(); ++i)
    if (dispositions[i].is_caught) ::sigaction(handled[i], &dispositions[i].former, nullptr);
  user = 0;
}

int program_signals::descriptor() const noexcept { return signal_pipe[0]; }

void program_signals::wake() noexcept { write_byte(); }

program_signals::requests program_signals::take() noexcept {
  // The pipe is emptied first: a signal that arrives after this makes it readable again.
  std::array<char, 256> bytes{};
  while (::read(descriptor(), bytes.data(), bytes.size()) > 0) continue;
  return {.stop = stop_pending.exchange(false), .dump = dump_pending.exchange(false)};
}

}  // namespace strait::detail
