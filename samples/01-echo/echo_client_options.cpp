#include "echo_client_options.hpp"

#include "options/command_line.hpp"

echo_client_options echo_client_options::read(int argc, char** argv) {
  echo_client_options options;
  samples::command_line line(
      "Sends a file to an echo server line by line, and checks that each line comes back unchanged.");
  line.add_option("FILE", options.file, "file to send; - reads standard input; empty lines are skipped")
      ->type_name("")
      ->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_seconds("--delay", options.delay, "delay between lines");
  line.add_seconds("--timeout", options.timeout, "give up on a server that is silent for this long; 0 disables");
  line.add_flag("--quiet", options.quiet, "print only the summary, not the replies");
  line.read_or_exit(argc, argv);
  return options;
}
