// chat_server: a chat with rooms.
#include <strait/strait.hpp>

#include <chrono>

#include "chat.hpp"
#include "chat_server_options.hpp"
#include "serving/stream_server.hpp"
#include "session.hpp"

using namespace strait;

namespace {

task<> handle_client(tcp::stream& client, chat& all, chat_server_options const& options) {
  client.keep_alive(std::chrono::minutes(1));  // chat clients are silent most of the time; detect vanished ones
  session conversation(all, client, options);
  co_await conversation.run();
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = chat_server_options::read(argc, argv);
  chat all(options.history_limits());
  auto const handler = [&](tcp::stream& client) { return handle_client(client, all, options); };
  auto const on_drain = [&] { all.shut_down(); };  // notifies the clients; queued messages are still sent
  return samples::run_stream_server("chat_server", options, handler, on_drain);
}
