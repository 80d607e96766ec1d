#include "line_server_options.hpp"

#include "options/command_line.hpp"

line_server_options line_server_options::read(int argc, char** argv) {
  constexpr std::size_t highest = 1024 * 1024 * 1024;
  line_server_options options;
  samples::command_line line("Replies \"hello LINE\" to each line.");
  add_server_options(line, options);
  line.add_number<std::size_t>("--max-line", options.max_line, 1, highest,
                               "maximum size of a line in bytes, without its LF; a client that exceeds it is "
                               "disconnected");
  line.add_seconds("--line-timeout", options.line_timeout,
                   "disconnect a client that does not complete a line within this time of its first byte",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  return options;
}
