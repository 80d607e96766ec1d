#include "frame_server_options.hpp"

#include "options/command_line.hpp"

frame_server_options frame_server_options::read(int argc, char** argv) {
  frame_server_options options;
  samples::command_line line("Sends back each message, and logs it.");
  add_server_options(line, options, {.quiet = "do not log connections and messages"});
  add_framing_options(line, options.framing);
  line.add_seconds("--message-timeout", options.message_timeout,
                   "disconnect a client that does not complete a message within this time of its first byte; no effect "
                   "with --naive",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  return options;
}
