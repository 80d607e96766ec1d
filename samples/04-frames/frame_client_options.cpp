#include "frame_client_options.hpp"

#include "options/command_line.hpp"

frame_client_options frame_client_options::read(int argc, char** argv) {
  constexpr std::uint64_t highest = 1'000'000'000;
  frame_client_options options;
  samples::command_line line("Sends messages to a frame server, and checks that each comes back unchanged.");
  line.add_option("MESSAGE", options.messages, "messages to send")->type_name("")->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  add_framing_options(line, options.framing);
  line.add_number<std::uint64_t>("--count", options.count, 1, highest, "how often to send all messages");
  line.add_seconds("--timeout", options.timeout, "give up on a server that is silent for this long; 0 disables");
  line.add_flag("--quiet", options.quiet, "print only the summary, not the messages");
  line.read_or_exit(argc, argv);
  return options;
}
