// The echo server on strait, with a hand-written accept loop. The second argument sets an idle timeout, in seconds.
#include <strait/strait.hpp>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

using namespace strait;

namespace {

task<> echo(tcp::stream peer, std::chrono::seconds idle_timeout) {
  if (idle_timeout.count() > 0) peer.idle_timeout(idle_timeout);
  char buffer[8192];
  while (auto n = co_await peer.read(buffer)) co_await peer.write(std::span(buffer, n));
}

task<> serve_forever(std::string endpoint, std::chrono::seconds idle_timeout) {
  auto listener = tcp::listen(endpoint);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  co_await with_task_group(print_failure, [&](task_group& connections) -> task<> {
    for (;;) connections.spawn(echo(co_await listener.accept(), idle_timeout));
  });
}

}  // namespace

int main(int argc, char** argv) {
  return run_main(
      serve_forever(argc > 1 ? argv[1] : "127.0.0.1:0", std::chrono::seconds(argc > 2 ? std::atoi(argv[2]) : 0)));
}
