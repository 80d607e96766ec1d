#include "line_server_options.hpp"

#include "options/command_line.hpp"

line_server_options line_server_options::read(int argc, char** argv) {
  constexpr std::size_t most = 1024 * 1024 * 1024;
  line_server_options options;
  samples::command_line line("Replies hello <line> to each line.");
  add_server_options(line, options);
  line.add_number<std::size_t>("--max-line", options.max_line, 1, most,
                               "bytes that a line may have, the LF that ends it not counted; a longer one ends its "
                               "connection");
  line.add_seconds("--line-timeout", options.line_timeout,
                   "disconnect a client that has not sent the end of a line so long after its first byte",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  return options;
}
