// key_mode: a terminal that passes on each key as it is pressed.
#pragma once

#include <csignal>

#include <termios.h>

/// While it exists, the terminal of standard input shows nothing of what is typed, and waits for no end of a line;
/// Ctrl-C and Ctrl-Z are keys like others. When it ends, the terminal is as before, and so it is when one of the
/// signals that end a program comes. One at a time.
class key_mode {
 public:
  /// Throws `strait::error`.
  key_mode();
  key_mode(key_mode const&) = delete;
  key_mode& operator=(key_mode const&) = delete;
  ~key_mode();

  /// Stops the program, as Ctrl-Z does elsewhere, until it is continued. The terminal is as before meanwhile.
  void suspend();

 private:
  void begin();
  static constexpr int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  static void restore_and_pass_on(int signal) noexcept;
  static inline termios before{};
  static inline struct sigaction former[4]{};
};
