// chat_client: shows what is said in a room, and says there what is typed.
#include <strait/strait.hpp>

#include <stdexcept>

#include <fmt/format.h>

#include "chat_client_options.hpp"
#include "console.hpp"
#include "protocol.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace {

/// Until nothing more will be typed, which the server is told.
task<> send_lines(tcp::stream& server, console& person) {
  try {
    while (auto line = co_await person.next_line()) {
      *line += '\n';
      co_await server.write(*line);
    }
    server.shutdown_write();
  } catch (error const& e) {
    if (e.code() != std::errc::broken_pipe && e.code() != std::errc::connection_reset) throw;
  }  // what has happened to the connection, the other direction knows
}

/// Until the server has said farewell.
task<> show_lines(tcp::stream& server, console& person, chat_client_options const& options) {
  buffered_reader in(server);
  co_await in.skip_line();  // the greeting asks for what has been said already
  bool has_arrived = false;
  bool is_over = false;
  while (auto const line = co_await in.read_line(longest_message)) {
    person.show(samples::printable(*line));
    has_arrived |= line->starts_with(arrival);
    is_over = line->starts_with(farewell);
  }
  if (!is_over) throw std::runtime_error(fmt::format("{} has ended the connection", server.remote_endpoint()));
  if (!has_arrived)
    throw std::runtime_error(fmt::format("{} did not let {} in", server.remote_endpoint(), options.nick));
}

task<> take_part(chat_client_options const& options) {
  auto server = co_await tcp::connect(options.host, options.port);
  auto const introduction = fmt::format("/join {}\n/nick {}\n", options.room, options.nick);
  co_await server.write(introduction);

  console person;
  co_await with_task_group([&](task_group& both) -> task<> {
    both.spawn(send_lines(server, person));
    co_await show_lines(server, person, options);
    both.cancel();
  });
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = chat_client_options::read(argc, argv);
  return run_main(take_part(options));
}
