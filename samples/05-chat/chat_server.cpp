// chat_server: rooms in which people write to each other.
#include <strait/strait.hpp>

#include <chrono>

#include "chat.hpp"
#include "chat_server_options.hpp"
#include "serving/stream_server.hpp"
#include "session.hpp"

using namespace strait;

namespace {

/// A client from its first line to its last.
task<> talk(tcp::stream& client, chat& all, chat_server_options const& options) {
  client.keep_alive(std::chrono::minutes(1));  // most of the time people say nothing: see that they are still there
  session of_theirs(all, client, options);
  co_await of_theirs.run();
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = chat_server_options::read(argc, argv);
  chat all(options.history_limits());
  auto const handler = [&](tcp::stream& client) { return talk(client, all, options); };
  auto const on_drain = [&] { all.end(); };  // everybody is told, and what is in the queues is still sent
  return samples::run_stream_server("chat_server", options, handler, on_drain);
}
