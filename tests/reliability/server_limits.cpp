#include "server_limits.hpp"

#include "options/command_line.hpp"

server_limits server_limits::read(int argc, char** argv) {
  server_limits limits;
  limits.max_connections = 1'000'000;
  samples::command_line line("Answers each request after the delay that it asks for.");
  samples::server_option_texts texts;
  texts.max_connections = "maximum number of concurrent connections";
  texts.quiet = "do not log failed connections";
  add_server_options(line, limits, texts);
  line.add_choice("--when-full", limits.when_full,
                  {{"wait", strait::overload::wait}, {"reject", strait::overload::reject}},
                  "what to do with connections beyond --max-connections");
  line.add_seconds("--write-timeout", limits.write_timeout, "disconnect a client that accepts no data for this long");
  line.add_number<std::uint64_t>("--minimum-receive-rate", limits.minimum_receive_rate, 0, 1'000'000,
                                 "bytes per second; disconnect a client that sends less");
  line.add_seconds("--receive-rate-window", limits.receive_rate_window,
                   "time over which --minimum-receive-rate is averaged");
  line.add_seconds("--connection-timeout", limits.connection_timeout, "maximum duration of a connection");
  line.read_or_exit(argc, argv);
  return limits;
}

strait::serve_options server_limits::to_serve_options() const {
  strait::serve_options rules;
  rules.max_connections = max_connections;
  rules.when_full = when_full;
  rules.max_connections_per_peer = max_connections_per_peer;
  rules.idle_timeout = idle_timeout;
  rules.write_timeout = write_timeout;
  rules.minimum_receive_rate = minimum_receive_rate;
  rules.receive_rate_window = receive_rate_window;
  rules.connection_timeout = connection_timeout;
  rules.drain = drain;
  return rules;
}
