#include "echo_client_options.hpp"

#include "options/command_line.hpp"

echo_client_options echo_client_options::read(int argc, char** argv) {
  echo_client_options options;
  samples::command_line line("Sends each line of a file to an echo server, and sees that it comes back as it was.");
  line.add_option("FILE", options.file, "what to send, line by line; - is standard input")->type_name("")->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_seconds("--delay", options.delay, "pause between lines");
  line.add_seconds("--timeout", options.timeout, "give up when the server is silent for so long; 0: never");
  line.add_flag("--quiet", options.quiet, "print the sums only, not the replies");
  line.read_or_exit(argc, argv);
  return options;
}
