#include "server/upload_server_options.hpp"

#include "options/command_line.hpp"

upload_server_options upload_server_options::read(int argc, char** argv) {
  using samples::upload::overwrite;
  upload_server_options options;
  options.idle_timeout = std::chrono::seconds(300);
  samples::command_line line("Takes files in, each whole and verified, or not at all.");
  line.add_option("FOLDER", options.folder, "where the files go; it is made if it is not there")
      ->type_name("")
      ->required();
  samples::server_option_texts texts;
  texts.idle_timeout = "close connections that are silent for so long, and owe nothing; 0: never";
  texts.drain = "how long uploads may go on after SIGINT or SIGTERM; what has come of a file is kept";
  texts.quiet = "say nothing about single connections and files";
  add_server_options(line, options, texts);
  line.add_choice<overwrite>(
      "--overwrite", options.rules.overwrite,
      {{"never", overwrite::never}, {"same-size", overwrite::same_size}, {"always", overwrite::always}},
      "whether a file may take the place of another one of its name: not at all, if that has the same size, or always");
  line.add_size("--max-file-size", options.rules.max_file_size, "the largest file that is taken; none by default");
  line.add_size(
      "--quota", options.rules.quota,
      "what all that is in the folder may take together: a file counts its size, and each file and folder 4096 "
      "bytes more; no limit by default");
  line.add_size("--min-rate", options.limits.min_rate,
                "bytes per second: disconnect a client that sends data it owes more slowly, averaged over --patience; "
                "0 disables");
  line.add_seconds("--patience", options.limits.patience,
                   "how long a client may take for what it owes: its hello, the rest of a message that has begun, "
                   "data (by --min-rate), reading what it is sent",
                   std::chrono::milliseconds(1));
  line.add_hours("--keep-parts", options.rules.keep_parts,
                 "how long what has come of a file is kept for its client to go on");
  line.read_or_exit(argc, argv);
  return options;
}
