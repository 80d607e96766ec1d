#include "chat_client_options.hpp"

#include <fmt/format.h>

#include "names.hpp"
#include "options/command_line.hpp"

namespace {

std::string check_name(std::string const& text) {
  return is_name(text)
             ? ""
             : fmt::format("\"{}\" is not a valid name: 1 to {} letters, digits, - and _", text, longest_name);
}

}  // namespace

chat_client_options chat_client_options::read(int argc, char** argv) {
  chat_client_options options;
  samples::command_line line("Shows the messages of a chat room, and sends the lines that you type.");
  CLI::Validator const name(check_name, "");
  line.add_option("NICK", options.nick, "your name in the chat")->check(name)->type_name("")->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_option("--room", options.room, "room to enter")->check(name)->type_name("ROOM")->capture_default_str();
  line.read_or_exit(argc, argv);
  return options;
}
