#include "frame_server_options.hpp"

#include "options/command_line.hpp"

frame_server_options frame_server_options::read(int argc, char** argv) {
  frame_server_options options;
  samples::command_line line("Sends back each message, and says what has come.");
  add_server_options(line, options, {.quiet = "say nothing about single connections and messages"});
  add_framing_options(line, options.framing);
  line.add_seconds("--message-timeout", options.message_timeout,
                   "disconnect a client that has not sent all of a message so long after its first byte; no effect "
                   "with --naive",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  return options;
}
