// The echo server on strait's `serve`; with the second argument "limits", all its limits are enabled.
#include <strait/strait.hpp>

#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

using namespace strait;

namespace {

task<> echo(tcp::stream& peer) {
  char buffer[8192];
  while (auto n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

serve_options all_limits() {
  using namespace std::chrono_literals;
  serve_options limits;
  limits.max_connections = 100'000;
  limits.max_connections_per_peer = 100'000;
  limits.idle_timeout = 30s;
  limits.write_timeout = 30s;
  limits.minimum_receive_rate = 1;
  limits.receive_rate_window = 30s;
  limits.connection_timeout = 1h;
  return limits;
}

}  // namespace

int main(int argc, char** argv) {
  return run_main([&] {
    auto listener = tcp::listen(argc > 1 ? argv[1] : "127.0.0.1:0");
    std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    bool const limited = argc > 2 && std::string_view(argv[2]) == "limits";
    return serve(std::move(listener), echo, limited ? all_limits() : serve_options());
  });
}
