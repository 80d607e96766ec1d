// echo_client: sends a file to an echo server line by line, and checks that each line comes back unchanged.
#include <strait/strait.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "echo_client_options.hpp"
#include "line_source.hpp"
#include "round_trips.hpp"
#include "text/escaped.hpp"

using namespace strait;
using samples::bytes_literal;

namespace {

task<tcp::stream> connect(echo_client_options const& options) {
  tcp::connect_options limits;
  if (options.timeout.count() > 0) limits.timeout = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
  auto server = co_await tcp::connect(options.host, options.port, limits);
  server.idle_timeout(options.timeout);
  co_return server;
}

task<> send_lines(tcp::stream& server, line_source& lines, echo_client_options const& options, round_trips& done) {
  while (auto const line = co_await lines.next()) {
    if (done.count() > 0) co_await sleep_for(options.delay);

    std::string reply(line->size(), '\0');
    auto const sent_at = round_trips::clock::now();
    // Write and read concurrently. If the line is larger than the socket buffers, its beginning comes back before its
    // end is sent, and a server that cannot send its reply stops receiving.
    co_await when_all(server.write(*line), server.read_exactly(reply));
    done.add(line->size(), sent_at);

    if (reply != *line)
      throw std::runtime_error(fmt::format("line {} came back changed from {}: {}", done.count(),
                                           server.remote_endpoint(), bytes_literal(reply)));
    if (!options.quiet) fmt::print("{}\n", bytes_literal(reply));
  }
}

task<> send_file(echo_client_options const& options) {
  line_source lines(options.file);
  round_trips done;
  auto server = co_await connect(options);
  try {
    co_await send_lines(server, lines, options, done);
  } catch (canceled const&) {  // by a signal; the summary is still printed
  }
  fmt::print("{}\n", done.summary());
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = echo_client_options::read(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // shows each reply at once, also in a pipe
  return run_main(send_file(options));
}
