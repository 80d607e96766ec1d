#include "time_client_options.hpp"

#include "options/command_line.hpp"

time_client_options time_client_options::read(int argc, char** argv) {
  time_client_options options;
  samples::command_line line("Requests the time from a time server and prints the answer.");
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_seconds("--timeout", options.timeout,
                   "how long to wait for an answer before trying the next address or sending again",
                   std::chrono::milliseconds(1));
  line.add_number("--tries", options.tries, 1u, 1'000'000u,
                  "how often to send an unanswered request to each of the server's addresses");
  line.add_number("--count", options.count, 1u, 1'000'000'000u, "number of requests to send, one after the other");
  line.read_or_exit(argc, argv);
  return options;
}
