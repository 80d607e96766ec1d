// frame_server: sends back each message, and says what has come.
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

/// The trap: a read gives what has come so far, which may be several messages, or a part of one.
task<> echo_reads(tcp::stream& client, frame_server_options const& options) {
  auto const peer = client.remote_endpoint();
  char buffer[8192];
  for (std::uint64_t number = 1; auto n = co_await client.read(buffer); ++number) {
    std::string_view const bytes(buffer, n);
    log(options, "{} read {}: {}", peer, number, preview(bytes));
    co_await client.write(bytes);
  }
}

/// The cure: in front of each message stands its length. So each comes as it was sent, however the stream cuts it up.
task<> echo_messages(tcp::stream& client, frame_server_options const& options) {
  auto const peer = client.remote_endpoint();
  buffered_reader in(client);
  buffered_writer out(client);
  in.tie(out);  // replies are sent when there is no other message at hand, all of them together
  frame_reader messages(in, options.framing.format());
  frame_writer replies(out, options.framing.format());

  std::exception_ptr bad_frame;
  try {
    for (std::uint64_t number = 1; !(co_await in.peek()).empty(); ++number) {  // one has begun, and must end in time
      auto const message = co_await timeout(options.message_timeout, messages.read());
      log(options, "{} message {}: {}", peer, number, preview(message.value()));
      co_await replies.write(*message);
    }
  } catch (error const& e) {
    if (e.code() != errc::limit_exceeded && e.code() != std::errc::bad_message) throw;
    bad_frame = std::current_exception();  // its prefix has told; no memory was taken for it
  }

  co_await out.flush();
  if (bad_frame) {
    co_await lingering_close(client);  // else what the client still sends would take the last replies back
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
