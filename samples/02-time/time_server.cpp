// time_server: answers every datagram with the time.
#include <strait/strait.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "request_filter.hpp"
#include "time_format.hpp"
#include "time_server_options.hpp"

using namespace strait;

int main(int argc, char** argv) {
  auto const options = time_server_options::read(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // if the reader of the log exits, the server must continue
  try {
    request_filter filter(options);
    auto const answer = [&](udp::request& request) -> task<> {
      auto const time = to_text(std::chrono::system_clock::now(), options.format);
      try {
        co_await request.reply(time);
        filter.log_answer(request.from());
      } catch (error const& e) {  // no route to the sender, or its address is forged
        filter.log_failure(e);
      }
    };

    auto sockets = udp::bind_shared(options.address(), options.threads);
    auto const accepts = [&](udp::request const& request) { return filter.accepts(request.from(), request.text()); };
    udp::server all({.max_datagram_size = request_filter::max_request_size,  // the kernel drops the rest
                     .drain = options.drain,
                     .on_datagram = accepts});
    run_until_signal(options.threads, [&](unsigned thread) {
      if (thread == 0) {
        fmt::print("listening on {}\n", sockets.front().local_endpoint());
        std::fflush(stdout);
      }
      return all.serve(std::move(sockets[thread]), answer);
    });
    return 0;
  } catch (std::exception const& e) {
    fmt::print(stderr, "time_server: {}\n", e.what());
    return 1;
  }
}
