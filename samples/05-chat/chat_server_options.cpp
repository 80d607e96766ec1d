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
  samples::command_line line("A chat server with rooms; its protocol is lines of text.");
  add_server_options(
      line, options,
      {.idle_timeout = "close a connection on which no data is sent or received for this long; 0 disables",
       .drain = "how long queued messages may still be sent after SIGINT or SIGTERM"});
  line.get_option("--threads")->description("no effect: one thread serves all clients, because they share the rooms");
  line.add_number<std::size_t>(
      "--queue", options.queue, 4, 100'000,
      "maximum number of messages that wait to be sent to a client; a client whose queue is full is dropped");
  line.add_size("--queue-size", options.queue_size,
                "maximum total size of these messages; 128k by default, at least 16k", smallest_queue);
  line.add_number<std::size_t>("--history", options.history, 0, 50'000,
                               "number of past messages that are sent to a new member of a room; at most half of "
                               "--queue and of --queue-size");
  line.add_number<std::uint32_t>(
      "--rate", options.rate, 0, 1'000'000,
      "maximum number of lines per second that are read from one client; further ones wait; 0 disables");
  line.add_seconds("--name-timeout", options.name_timeout,
                   "disconnect a client that has not chosen a name within this time", std::chrono::milliseconds(1));
  line.add_seconds("--line-timeout", options.line_timeout,
                   "disconnect a client that does not complete a line within this time of its first byte",
                   std::chrono::milliseconds(1));
  line.add_seconds("--write-timeout", options.write_timeout, "disconnect a client that accepts no data for this long",
                   std::chrono::milliseconds(1));
  line.read_or_exit(argc, argv);
  options.threads = 1;
  options.history = std::min(options.history, options.queue / 2);
  return options;
}
