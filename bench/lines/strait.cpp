// The line server on strait. The second argument selects how it replies: "print" for `print` instead of `write`,
// "unbuffered" for a write to the stream for each line.
#include <strait/strait.hpp>

#include <cstdio>
#include <string>
#include <string_view>

using namespace strait;

namespace {

task<> answer(tcp::stream peer) {
  buffered_reader in(peer);
  buffered_writer out(peer);
  in.tie(out);
  while (auto line = co_await in.read_line()) {
    co_await out.write(*line);
    co_await out.write("\n");
  }
}

task<> answer_by_print(tcp::stream peer) {
  buffered_reader in(peer);
  buffered_writer out(peer);
  in.tie(out);
  while (auto line = co_await in.read_line()) co_await out.print("{}\n", *line);
}

task<> answer_unbuffered(tcp::stream peer) {
  buffered_reader in(peer);
  while (auto line = co_await in.read_line()) {
    const_buffer const reply[] = {*line, "\n"};
    co_await peer.write(reply);
  }
}

task<> serve_forever(std::string endpoint, task<> (*handler)(tcp::stream)) {
  auto listener = tcp::listen(endpoint);
  std::printf("listening on %s\n", listener.local_endpoint().to_string().c_str());
  std::fflush(stdout);
  co_await with_task_group(print_failure, [&](task_group& connections) -> task<> {
    for (;;) connections.spawn(handler(co_await listener.accept()));
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const how = argc > 2 ? argv[2] : "";
  auto const handler = how == "print" ? answer_by_print : how == "unbuffered" ? answer_unbuffered : answer;
  return run_main(serve_forever(argc > 1 ? argv[1] : "127.0.0.1:0", handler));
}
