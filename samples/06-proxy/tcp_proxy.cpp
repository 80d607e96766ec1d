// tcp_proxy: passes connections on to another server.
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

/// Each side's bytes go to the other, and its end, too: who has ended what it sends still receives the rest.
task<> pass_on(tcp::stream& client, loop_detector& loops, tcp_proxy_options const& options) {
  client.write_timeout(options.idle_timeout);  // what it sends does not excuse it from taking what it is sent
  auto const peer = client.remote_endpoint();
  auto const from_client = loops.accepted(client);
  auto upstream = co_await connect(options);
  auto const to_upstream = loops.connected(upstream);
  log(options, "{} goes on to {} from {}", peer, upstream.remote_endpoint(), upstream.local_endpoint());
  try {
    auto const moved = co_await copy_bidirectional(client, upstream);
    log(options, "{} sent {} bytes, received {} bytes", peer, moved.a_to_b, moved.b_to_a);
  } catch (error const& e) {  // the log has the reason in its next line
    log(options, "{} broke off: {} bytes had gone that way", peer, e.transferred());
    throw;
  } catch (canceled const& c) {
    log(options, "{} is to end: {} bytes had gone both ways", peer, c.transferred());
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = tcp_proxy_options::read(argc, argv);
  loop_detector loops;
  return samples::run_stream_server("tcp_proxy", options,
                                    [&](tcp::stream& client) { return pass_on(client, loops, options); });
}
