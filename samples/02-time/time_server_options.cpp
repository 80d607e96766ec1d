#include "time_server_options.hpp"

#include "options/command_line.hpp"
#include "rate_limiter.hpp"

time_server_options time_server_options::read(int argc, char** argv) {
  time_server_options options;
  samples::command_line line("Answers every datagram with the time.");
  add_server_options(
      line, options,
      {.max_connections = "maximum number of sources that --rate-limit tracks at a time; further sources get no answer",
       .max_connections_per_peer = "no effect, because datagrams have no connections; see --rate-limit",
       .idle_timeout = "no effect, because datagrams have no connections",
       .drain = "no effect, because every answer is sent at once",
       .quiet = "do not log datagrams"});
  line.add_choice<time_format>(
      "--format", options.format,
      {{"ctime", time_format::ctime}, {"iso", time_format::iso}, {"epoch", time_format::epoch}},
      "format of the time: Sun Jun 20 23:21:05 1993, 1993-06-20T23:21:05+02:00, or seconds since 1970");
  line.add_number<std::uint32_t>("--rate-limit", options.rate_limit, 0, rate_limiter::highest_rate,
                                 "maximum number of answers per second to one source, which is an IPv4 address or an "
                                 "IPv6 /64 network; 0 disables, which is safe only in a trusted network");
  line.read_or_exit(argc, argv);
  return options;
}
