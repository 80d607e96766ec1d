// frame_client: sends messages to a frame server, and checks that each comes back unchanged.
#include <strait/strait.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include "frame_client_options.hpp"
#include "preview.hpp"

using namespace strait;

namespace {

void print_message(frame_client_options const& options, std::string_view verb, std::string_view message) {
  if (!options.quiet) fmt::print("{} {}\n", verb, preview(message));
}

/// Sends each message with one write and nothing to separate them.
task<> send_naively(tcp::stream& server, frame_client_options const& options) {
  for (std::uint64_t i = 0; i < options.count; ++i)
    for (auto const& message : options.messages) {
      print_message(options, "sent", message);
      co_await server.write(message);
    }
  server.shutdown_write();
}

/// Treats the result of each read as one message. It is not: it may begin and end in the middle of a sent message.
task<> receive_naively(tcp::stream& server, frame_client_options const& options) {
  std::uint64_t reads = 0;
  char buffer[8192];
  for (; auto n = co_await server.read(buffer); ++reads) print_message(options, "received", {buffer, n});
  fmt::print("{} messages sent, {} received\n", options.count * options.messages.size(), reads);
}

/// Sends each message with its length in front; several messages are sent with one system call.
task<> send_messages(tcp::stream& server, frame_client_options const& options) {
  buffered_writer out(server);
  frame_writer frames(out, options.framing.format());
  for (std::uint64_t i = 0; i < options.count; ++i)
    for (auto const& message : options.messages) {
      print_message(options, "sent", message);
      co_await frames.write(message);
    }
  co_await out.flush();
  server.shutdown_write();
}

task<> receive_messages(tcp::stream& server, frame_client_options const& options) {
  buffered_reader in(server);
  frame_reader frames(in, options.framing.format());
  auto const sent = options.count * options.messages.size();
  std::uint64_t received = 0;
  while (auto message = co_await frames.read()) {
    print_message(options, "received", *message);
    if (*message != options.messages[received++ % options.messages.size()])
      throw std::runtime_error(fmt::format("message {} came back changed: {}", received, preview(*message)));
  }
  if (received != sent)
    throw std::runtime_error(fmt::format("{} sent back {} of {} messages", server.remote_endpoint(), received, sent));
  fmt::print("{} messages sent, {} received\n", sent, received);
}

task<> exchange(frame_client_options const& options) {
  tcp::connect_options limits;
  if (options.timeout.count() > 0) limits.timeout = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
  auto server = co_await tcp::connect(options.host, options.port, limits);
  server.idle_timeout(options.timeout);
  // Send and receive concurrently: a server that cannot send its replies stops receiving.
  if (options.framing.naive) {
    co_await when_all(send_naively(server, options), receive_naively(server, options));
  } else {
    co_await when_all(send_messages(server, options), receive_messages(server, options));
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = frame_client_options::read(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // shows each message at once, also in a pipe
  return run_main(exchange(options));
}
