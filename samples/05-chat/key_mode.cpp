#include "key_mode.hpp"

#include <cerrno>
#include <iterator>
#include <system_error>

#include <unistd.h>

#include "strait/base/error.hpp"

key_mode::key_mode() {
  static_assert(std::size(signals) == std::size(former));
  if (::tcgetattr(STDIN_FILENO, &before) != 0)
    throw strait::error({errno, std::generic_category()}, "read the terminal's mode");
  struct sigaction action = {};
  action.sa_handler = &restore_and_pass_on;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i != std::size(signals); ++i) ::sigaction(signals[i], &action, &former[i]);
  begin();
}

key_mode::~key_mode() {
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  for (std::size_t i = 0; i != std::size(signals); ++i) ::sigaction(signals[i], &former[i], nullptr);
}

void key_mode::begin() {
  auto mode = before;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

void key_mode::suspend() {
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
  std::raise(SIGTSTP);
  begin();
}

/// A signal handler: restores the terminal, then has the former action of the signal performed. tcsetattr and raise are
/// async-signal-safe (POSIX.1-2017, 2.4.3).
void key_mode::restore_and_pass_on(int signal) noexcept {
  int const saved = errno;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
  for (std::size_t i = 0; i != std::size(signals); ++i) {
    if (signals[i] != signal) continue;
    auto* const next = former[i].sa_handler;
    if (next == SIG_DFL) {
      ::sigaction(signal, &former[i], nullptr);
      ::raise(signal);
    } else if (next != SIG_IGN) {
      next(signal);
    }
  }
  errno = saved;
}
