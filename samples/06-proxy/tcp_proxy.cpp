// tcp_proxy: forwards connections to another server.
#include <strait/strait.hpp>

#include <chrono>

#include "loop_detector.hpp"
#include "serving/log.hpp"
#include "serving/stream_server.hpp"
#include "tcp_proxy_options.hpp"

using namespace strait;
using samples::log;

namespace {

task<tcp::stream> connect(tcp_proxy_options const& options) {
  tcp::connect_options limits;
  limits.timeout = std::chrono::ceil<std::chrono::milliseconds>(options.connect_timeout);
  auto upstream = co_await tcp::connect(options.upstream_host, options.upstream_port, limits);
  upstream.idle_timeout(options.idle_timeout);
  upstream.write_timeout(options.idle_timeout);
  co_return upstream;
}

/// Forwards the bytes and the end of the stream in each direction independently: a side that has finished sending still
/// receives.
task<> forward(tcp::stream& client, loop_detector& loops, tcp_proxy_options const& options) {
  client.write_timeout(options.idle_timeout);  // also if the client keeps sending
  auto const peer = client.remote_endpoint();
  auto const client_entry = loops.add_accepted(client);
  auto upstream = co_await connect(options);
  auto const upstream_entry = loops.add_connected(upstream);
  log(options, "{} forwarded to {} from {}", peer, upstream.remote_endpoint(), upstream.local_endpoint());
  try {
    auto const moved = co_await copy_bidirectional(client, upstream);
    log(options, "{} sent {} bytes, received {} bytes", peer, moved.a_to_b, moved.b_to_a);
  } catch (error const& e) {  // run_stream_server logs the reason
    log(options, "{} failed after {} bytes in the failed direction", peer, e.transferred());
    throw;
  } catch (canceled const& c) {
    log(options, "{} canceled after {} bytes in both directions", peer, c.transferred());
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = tcp_proxy_options::read(argc, argv);
  loop_detector loops;
  return samples::run_stream_server("tcp_proxy", options,
                                    [&](tcp::stream& client) { return forward(client, loops, options); });
}
