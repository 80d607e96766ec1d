// command_line: the parser of the samples' command lines, with option types and usage errors that all samples share.
// Included only by the sources that read options, because CLI11 is slow to compile.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace samples {

/// A command line with --help and --version; `description` states in one sentence what the program does.
class command_line : public CLI::App {
 public:
  explicit command_line(std::string const& description);

  /// Adds `name` N, an integer from `lowest` to `highest`. The current value of `into` is the default.
  template <std::unsigned_integral Integer>
  void add_number(std::string const& name, Integer& into, Integer lowest, Integer highest, std::string const& meaning) {
    auto const store = [=, &into](std::string const& text) {
      into = static_cast<Integer>(parse_number(name, text, lowest, highest));
    };
    add_option_function<std::string>(name, store, meaning)->type_name("N")->default_str(std::to_string(into));
  }

  /// Adds `name` SECONDS, which may have a fraction and must be at least `lowest`. The current value of `into` is the
  /// default.
  void add_seconds(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning,
                   std::chrono::nanoseconds lowest = {});

  /// Adds `name` HOURS, which may have a fraction. The current value of `into` is the default.
  void add_hours(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning);

  /// Adds `name` BYTES, an integer of at least `lowest`; the suffixes k, M, G and T multiply it by 1024, 1024², and so
  /// on. `meaning` must state the default.
  void add_size(std::string const& name, std::uint64_t& into, std::string const& meaning, std::uint64_t lowest = 0);

  /// Adds `name` WORD, one of the words in `choices`. The word for the current value of `into` is the default.
  template <class Choice>
  void add_choice(std::string const& name, Choice& into, std::vector<std::pair<std::string, Choice>> const& choices,
                  std::string const& meaning) {
    std::vector<std::string> words;
    for (auto const& choice : choices) words.push_back(choice.first);
    auto const store = [=, &into](std::string const& text) { into = choices[find_word(name, text, words)].second; };
    auto* const option = add_option_function<std::string>(name, store, meaning)->type_name(join(words, "|"));
    for (auto const& [word, choice] : choices)
      if (choice == into) option->default_str(word);
  }

  /// Adds --host HOST, a name or an address. The current value of `into` is the default.
  void add_host(std::string& into, std::string const& meaning);

  /// Parses the arguments. Exits with status 0 after printing --help or --version to standard output, and with
  /// status 2 after printing a usage error in one line on standard error.
  void read_or_exit(int argc, char const* const* argv);

 private:
  static std::uint64_t parse_number(std::string const& option, std::string const& text, std::uint64_t lowest,
                                    std::uint64_t highest);
  static std::size_t find_word(std::string const& option, std::string const& text,
                               std::vector<std::string> const& words);
  static std::string join(std::vector<std::string> const& words, std::string const& separator);
};

}  // namespace samples
