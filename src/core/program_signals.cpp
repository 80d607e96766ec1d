// How signals reach the loops of a program.
#include "core/program_signals.hpp"

#include <cerrno>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "core/running_loops.hpp"
#include "strait/base/error.hpp"
#include "strait/core/dump_tasks.hpp"

namespace strait::detail {
namespace {

// What has come stands here, and not in the pipe, which may be full; its bytes only wake.
std::atomic<bool> stop_received = false;
std::atomic<bool> stop_pending = false;
std::atomic<bool> dump_pending = false;
std::atomic<int> written_to = -1;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free, "for a signal handler");

void write_byte(int descriptor) noexcept {
  char const byte = 0;
  [[maybe_unused]] auto const ignored = ::write(descriptor, &byte, 1);
}

/// As other tools name the calling thread: ps -L, top -H, gdb.
unsigned long thread_number() {
#if defined(__linux__)
  return static_cast<unsigned long>(::gettid());
#else
  return std::hash<std::thread::id>()(std::this_thread::get_id());
#endif
}

// One system call, if stderr takes it, so that what several threads write does not mix.
void write_to_stderr(std::string_view text) noexcept {
  while (!text.empty()) {
    auto const size = ::write(STDERR_FILENO, text.data(), text.size());
    if (size < 0 && errno != EINTR) return;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
}

void write_dump(event_loop const& loop, bool is_alone) noexcept {
  try {
    std::string text = is_alone ? std::string() : fmt::format("thread {}:\n", thread_number());
    text += dump_tasks(loop);
    write_to_stderr(text);
  } catch (std::exception const&) {
    // No memory: then there is no dump.
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
    // As above.
  }
}

program_signals::program_signals() {
  if (::pipe2(pipe_.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw error({errno, std::generic_category()}, "watch signals");
  stop_received = stop_pending = dump_pending = false;
  written_to = pipe_[1];
  for (std::size_t i = 0; i != signals_.size(); ++i) catch_signal(i);
}

void program_signals::catch_signal(std::size_t index) {
  int const signal = signals_[index];
  ::sigaction(signal, nullptr, &former_[index]);
  if (signal == SIGUSR1 && former_[index].sa_handler != SIG_DFL) return;
  struct sigaction action{};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  is_caught_[index] = ::sigaction(signal, &action, nullptr) == 0;
}

program_signals::~program_signals() {
  for (std::size_t i = 0; i != signals_.size(); ++i)
    if (is_caught_[i]) ::sigaction(signals_[i], &former_[i], nullptr);
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

// Runs in the middle of anything: it may only do what is async-signal-safe.
void program_signals::on_signal(int signal) {
  if (signal == SIGUSR1) {
    dump_pending = true;
  } else {
    if (stop_received.exchange(true)) ::_exit(128 + signal);
    stop_pending = true;
  }
  int const saved = errno;
  write_byte(written_to);
  errno = saved;
}

void program_signals::wake() noexcept { write_byte(pipe_[1]); }

program_signals::news program_signals::take() noexcept {
  // First the pipe: what comes after this makes it readable again.
  std::array<char, 256> bytes{};
  while (::read(pipe_[0], bytes.data(), bytes.size()) > 0) continue;
  return {.stop = stop_pending.exchange(false), .dump = dump_pending.exchange(false)};
}

}  // namespace strait::detail
