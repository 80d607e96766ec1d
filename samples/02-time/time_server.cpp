// time_server: answers every datagram with the time.
#include <strait/strait.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "doorkeeper.hpp"
#include "time_format.hpp"
#include "time_server_options.hpp"

using namespace strait;

int main(int argc, char** argv) {
  auto const options = time_server_options::read(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);  // a log that is not read any more must not end the server
  try {
    doorkeeper door(options);
    auto const answer = [&](udp::request& question) -> task<> {
      auto const time = to_text(std::chrono::system_clock::now(), options.format);
      try {
        co_await question.reply(time);
        door.answered(question.from());
      } catch (error const& e) {  // nobody can be reached there, or the sender's address was made up
        door.failed(e);
      }
    };

    auto sockets = udp::bind_shared(options.where(), options.threads);
    auto const admits = [&](udp::request const& question) { return door.admits(question.from(), question.text()); };
    udp::server all({.max_datagram_size = doorkeeper::longest_question,  // let the system drop the rest
                     .drain = options.drain,
                     .on_datagram = admits});
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
