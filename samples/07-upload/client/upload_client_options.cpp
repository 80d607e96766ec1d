#include "client/upload_client_options.hpp"

#include <fmt/format.h>

#include "options/command_line.hpp"
#include "protocol/file_names.hpp"

namespace {

std::string check_folder(std::string& folder) {
  while (folder.ends_with('/')) folder.pop_back();
  return samples::upload::check_name(folder).value_or("");
}

}  // namespace

upload_client_options upload_client_options::read(int argc, char** argv) {
  upload_client_options options;
  samples::command_line line("Brings files and whole folders to an upload server; goes on where a broken line ended.");
  line.add_option("FILE", options.files, "what to send: files, and folders with all that is in them")
      ->type_name("")
      ->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_option("--into", options.into, "folder at the server")
      ->transform(CLI::Validator(check_folder, ""))
      ->type_name("FOLDER");
  line.add_number("--tries", options.tries, 1u, 1'000'000u,
                  "connections in a row that bring nothing, before it gives up");
  line.add_seconds("--timeout", options.timeout, "take a server for lost that is silent for so long; 0: never");
  line.add_flag("--quiet", options.quiet, "say nothing but what goes wrong");
  line.read_or_exit(argc, argv);
  return options;
}
