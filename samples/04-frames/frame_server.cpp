// frame_server: sends back each message, and logs it.
#include <strait/strait.hpp>

#include <cstdint>
#include <exception>
#include <string_view>
#include <system_error>

#include "frame_server_options.hpp"
#include "preview.hpp"
#include "serving/log.hpp"
#include "serving/stream_server.hpp"

using namespace strait;
using samples::log;

namespace {

/// The mistake: a read returns the bytes that have arrived, which may be several messages or a part of one.
task<> echo_reads(tcp::stream& client, frame_server_options const& options) {
  auto const peer = client.remote_endpoint();
  char buffer[8192];
  for (std::uint64_t number = 1; auto n = co_await client.read(buffer); ++number) {
    std::string_view const bytes(buffer, n);
    log(options, "{} read {}: {}", peer, number, preview(bytes));
    co_await client.write(bytes);
  }
}

/// The solution: each message is preceded by its length, so it is received as it was sent, whatever the segments are.
task<> echo_messages(tcp::stream& client, frame_server_options const& options) {
  auto const peer = client.remote_endpoint();
  buffered_reader in(client);
  buffered_writer out(client);
  in.tie(out);  // `in` flushes `out` before it waits for input, so that replies to several messages are sent together
  frame_reader messages(in, options.framing.format());
  frame_writer replies(out, options.framing.format());

  std::exception_ptr bad_frame;
  try {
    for (std::uint64_t number = 1; !(co_await in.peek()).empty();
         ++number) {  // the time limit starts with the first byte
      auto const message = co_await timeout(options.message_timeout, messages.read());
      log(options, "{} message {}: {}", peer, number, preview(message.value()));
      co_await replies.write(*message);
    }
  } catch (error const& e) {
    if (e.code() != errc::limit_exceeded && e.code() != std::errc::bad_message) throw;
    bad_frame = std::current_exception();  // detected in the prefix, before memory is allocated for the message
  }

  co_await out.flush();
  if (bad_frame) {
    co_await lingering_close(
        client);  // otherwise unread input would reset the connection and the last replies could be lost
    std::rethrow_exception(bad_frame);
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = frame_server_options::read(argc, argv);
  return samples::run_stream_server("frame_server", options, [&](tcp::stream& client) {
    return options.framing.naive ? echo_reads(client, options) : echo_messages(client, options);
  });
}
