#include "frame_client_options.hpp"

#include "options/command_line.hpp"

frame_client_options frame_client_options::read(int argc, char** argv) {
  constexpr std::uint64_t most = 1'000'000'000;
  frame_client_options options;
  samples::command_line line("Sends messages to a frame server, and prints what comes back.");
  line.add_option("MESSAGE", options.messages, "what to send, each as a message of its own")->type_name("")->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  add_framing_options(line, options.framing);
  line.add_number<std::uint64_t>("--count", options.count, 1, most, "how often to send all of them");
  line.add_seconds("--timeout", options.timeout, "give up when the server is silent for so long; 0: never");
  line.add_flag("--quiet", options.quiet, "print the sums only, not the messages");
  line.read_or_exit(argc, argv);
  return options;
}
