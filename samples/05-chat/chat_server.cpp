// chat_server: rooms in which people write to each other.
#include <strait/strait.hpp>

#include <chrono>

#include "chat.hpp"
#include "chat_server_options.hpp"
#include "serving/stream_server.hpp"
#include "session.hpp"

using namespace strait;

namespace {

/// A client from its first line to its last. A signal cancels it: then the chat ends, everybody is told so, and what is
/// in the queues is still sent, for as long as --drain says.
task<> serve(tcp::stream& client, chat& all, chat_server_options const& options) {
  client.keep_alive(std::chrono::minutes(1));  // most of the time people say nothing: see that they are still there
  session talk(all, client, options);
  bool is_canceled = false;
  try {
    co_await talk.run();
  } catch (canceled const&) {
    is_canceled = true;
  }
  if (!is_canceled) co_return;
  all.end();
  co_await shield(timeout(options.drain, talk.finish()));
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = chat_server_options::read(argc, argv);
  chat all(options.history);
  samples::server_options without_drain = options;  // `serve` has its own way to drain, and is canceled at once
  without_drain.drain = {};
  return samples::run_stream_server("chat_server", without_drain,
                                    [&](tcp::stream& client) { return serve(client, all, options); });
}
