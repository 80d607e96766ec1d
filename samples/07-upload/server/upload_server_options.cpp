#include "server/upload_server_options.hpp"

#include "options/command_line.hpp"

upload_server_options upload_server_options::read(int argc, char** argv) {
  using samples::upload::overwrite;
  upload_server_options options;
  options.idle_timeout = std::chrono::seconds(300);
  samples::command_line line("Receives files; each is stored complete and verified, or not at all.");
  line.add_option("FOLDER", options.folder, "folder for the received files; it is created if it does not exist")
      ->type_name("")
      ->required();
  samples::server_option_texts texts;
  texts.idle_timeout = "close a connection that is idle for this long while no data is due; 0 disables";
  texts.drain = "how long uploads may continue after SIGINT or SIGTERM; data of incomplete files is kept";
  texts.quiet = "do not log connections and files";
  add_server_options(line, options, texts);
  line.add_choice<overwrite>(
      "--overwrite", options.rules.overwrite,
      {{"never", overwrite::never}, {"same-size", overwrite::same_size}, {"always", overwrite::always}},
      "whether an upload may replace another file with the same name: never, only if the sizes are equal, or always");
  line.add_size("--max-file-size", options.rules.max_file_size, "maximum size of a file; no limit by default");
  line.add_size(
      "--quota", options.rules.quota,
      "maximum total size of the folder: a file counts its size, and each file and folder 4096 bytes more; no limit by "
      "default");
  line.add_size("--min-rate", options.limits.min_rate,
                "minimum rate in bytes per second: disconnect a client that sends requested data more slowly, averaged "
                "over --client-timeout; 1k by default; 0 disables");
  line.add_seconds("--client-timeout", options.limits.client_timeout,
                   "how long a client may take to send its hello, to complete a message, to send requested data (see "
                   "--min-rate), or to accept data from the server",
                   std::chrono::milliseconds(1));
  line.add_hours("--keep-parts", options.rules.keep_parts,
                 "how long the data of an incomplete file is kept, so that its upload can be resumed");
  line.read_or_exit(argc, argv);
  return options;
}
