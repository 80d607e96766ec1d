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
  samples::command_line line("Uploads files and folders to an upload server, and resumes interrupted uploads.");
  line.add_option("FILE", options.files, "files, and folders with their contents, to upload")
      ->type_name("")
      ->required();
  line.add_host(options.host, "name or address of the server");
  line.add_number<std::uint16_t>("--port", options.port, 1, 65535, "port of the server");
  line.add_option("--into", options.into, "destination folder on the server")
      ->transform(CLI::Validator(check_folder, ""))
      ->type_name("FOLDER");
  line.add_number("--tries", options.tries, 1u, 1'000'000u,
                  "number of consecutive connections without progress after which to give up");
  line.add_seconds("--timeout", options.timeout, "give up on a server that is silent for this long; 0 disables");
  line.add_flag("--quiet", options.quiet, "print only errors");
  line.read_or_exit(argc, argv);
  return options;
}
