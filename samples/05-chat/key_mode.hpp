// key_mode: switches a terminal to a mode in which each key is read as it is pressed.
#pragma once

#include <csignal>

#include <termios.h>

/// While it exists, the terminal of standard input does not echo keys or wait for complete lines, and Ctrl-C and Ctrl-Z
/// are read as keys. The destructor restores the terminal, and so does a signal that ends the program. At most one may
/// exist at a time.
class key_mode {
 public:
  /// Throws `strait::error` if the terminal cannot be configured.
  key_mode();
  key_mode(key_mode const&) = delete;
  key_mode& operator=(key_mode const&) = delete;
  ~key_mode();

  /// Stops the program with a restored terminal, as Ctrl-Z normally does, until it is continued.
  void suspend();

 private:
  void begin();
  static constexpr int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  static void restore_and_pass_on(int signal) noexcept;
  static inline termios before{};
  static inline struct sigaction former[4]{};
};
