// The proxy on strait: connect, then copy_bidirectional.
#include <strait/strait.hpp>

#include <cstdio>
#include <string>

#include <strait/io/copy.hpp>

using namespace strait;

namespace {

task<> forward(tcp::stream client, endpoint const& upstream) {
  auto server = co_await tcp::connect(upstream);
  co_await copy_bidirectional(client, server);
}

task<> serve_forever(std::string where, endpoint upstream) {
  auto listener = tcp::listen(where);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  co_await with_task_group(print_failure, [&](task_group& connections) -> task<> {
    for (;;) connections.spawn(forward(co_await listener.accept(), upstream));
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  return run_main(serve_forever(argv[1], endpoint::parse(argv[2])));
}
