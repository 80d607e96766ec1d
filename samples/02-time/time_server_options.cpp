#include "time_server_options.hpp"

#include "options/command_line.hpp"
#include "rate_limiter.hpp"

time_server_options time_server_options::read(int argc, char** argv) {
  time_server_options options;
  samples::command_line line("Answers every datagram with the time.");
  add_server_options(
      line, options,
      {.max_connections = "sources that --rate-limit keeps account of at a time; while there is no room, "
                          "a source that is not known gets no answer",
       .max_connections_per_peer = "no effect: datagrams make no connection; --rate-limit limits each source",
       .idle_timeout = "no effect: datagrams make no connection that could be idle",
       .drain = "no effect: an answer is sent at once, so there is nothing to wait for",
       .quiet = "say nothing about single datagrams"});
  line.add_choice<time_format>(
      "--format", options.format,
      {{"ctime", time_format::ctime}, {"iso", time_format::iso}, {"epoch", time_format::epoch}},
      "the time as in Sun Jun 20 23:21:05 1993, 1993-06-20T23:21:05+02:00, or seconds since 1970");
  line.add_number<std::uint32_t>("--rate-limit", options.rate_limit, 0, rate_limiter::highest_rate,
                                 "answers per second, and at once, to one source, which is an IPv4 address or an IPv6 "
                                 "/64; 0: no limit, for networks without strangers only");
  line.read_or_exit(argc, argv);
  return options;
}
