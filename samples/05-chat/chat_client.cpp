// chat_client: shows the messages of a chat room, and sends the lines that are typed.
#include <strait/strait.hpp>

#include <stdexcept>

#include <fmt/format.h>

#include "chat_client_options.hpp"
#include "console.hpp"
#include "protocol.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace {

/// Sends typed lines until the end of the input, and then shuts down the sending side.
task<> send_lines(tcp::stream& server, console& terminal) {
  try {
    while (auto line = co_await terminal.next_line()) {
      *line += '\n';
      co_await server.write(*line);
    }
    server.shutdown_write();
  } catch (error const& e) {
    if (e.code() != std::errc::broken_pipe && e.code() != std::errc::connection_reset) throw;
  }  // the connection failed; show_lines reports why
}

/// Shows lines until the server says farewell.
task<> show_lines(tcp::stream& server, console& terminal, chat_client_options const& options) {
  buffered_reader in(server);
  co_await in.skip_line();  // the greeting asks for a name, which is already sent
  bool has_arrived = false;
  bool has_farewell = false;
  while (auto const line = co_await in.read_line(longest_message)) {
    terminal.show(samples::printable(*line));
    has_arrived |= line->starts_with(arrival);
    has_farewell = line->starts_with(farewell);
  }
  if (!has_farewell) throw std::runtime_error(fmt::format("{} closed the connection", server.remote_endpoint()));
  if (!has_arrived)
    throw std::runtime_error(fmt::format("{} did not accept the name {}", server.remote_endpoint(), options.nick));
}

task<> run_client(chat_client_options const& options) {
  auto server = co_await tcp::connect(options.host, options.port);
  auto const introduction = fmt::format("/join {}\n/nick {}\n", options.room, options.nick);
  co_await server.write(introduction);

  console terminal;
  co_await with_task_group([&](task_group& both) -> task<> {
    both.spawn(send_lines(server, terminal));
    co_await show_lines(server, terminal, options);
    both.cancel();
  });
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = chat_client_options::read(argc, argv);
  return run_main(run_client(options));
}
