#include "chat_server_options.hpp"

#include <algorithm>

#include "options/command_line.hpp"
#include "protocol.hpp"

namespace {

constexpr std::uint64_t smallest_queue = 16 * 1024;
static_assert(smallest_queue >= 2 * longest_message);

}  // namespace

chat_server_options chat_server_options::read(int argc, char** argv) {
  chat_server_options options;
  samples::command_line line("Rooms in which people write to each other, a line at a time.");
  add_server_options(line, options,
                     {.idle_timeout = "close connections on which nothing moves for so long; 0: never",
                      .drain = "how long, after SIGINT or SIGTERM, what is still to be sent may take"});
  line.get_option("--threads")->description("no effect: the rooms belong to all, so one thread serves all");
  line.add_number<std::size_t>("--queue", options.queue, 4, 100'000,
                               "messages that may wait to be sent to a client; who does not read so many is dropped");
  line.add_size("--queue-size", options.queue_size, "bytes that these messages may have; 128k by default, at least 16k",
                smallest_queue);
  line.add_number<std::size_t>("--history", options.history, 0, 50'000,
                               "messages that a room keeps for those who come later; no more than half of --queue, "
                               "and of --queue-size");
  line.add_number<std::uint32_t>("--rate", options.rate, 0, 1'000'000,
                                 "lines a second, and at once, from one client; more of them wait; 0: no limit");
  line.add_seconds("--name-timeout", options.name_timeout,
                   "disconnect a client that has not taken a name after so long", std::chrono::milliseconds(1));
  line.add_seconds("--line-timeout", options.line_timeout,
                   "disconnect a client that has not sent the end of a line so long after its first byte",
                   std::chrono::milliseconds(1));
  line.add_seconds("--write-timeout", options.write_timeout,
                   "drop clients that take nothing of what is sent to them for so long", std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  options.threads = 1;
  options.history = std::min(options.history, options.queue / 2);
  return options;
}
