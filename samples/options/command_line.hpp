// What the command lines of the samples have in common: how they are read, what wrong usage leads to, and kinds of
// values. Included by the sources that read options, never by those that do networking.
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

/// A command line with --help and --version; `description` is what the program does, in a sentence.
class command_line : public CLI::App {
 public:
  explicit command_line(std::string const& description);

  /// `name` N, from `lowest` to `highest`, with `into` as the default.
  template <std::unsigned_integral Integer>
  void add_number(std::string const& name, Integer& into, Integer lowest, Integer highest, std::string const& meaning) {
    auto const store = [=, &into](std::string const& text) {
      into = static_cast<Integer>(parse_number(name, text, lowest, highest));
    };
    add_option_function<std::string>(name, store, meaning)->type_name("N")->default_str(std::to_string(into));
  }

  /// `name` SECONDS, fractions allowed, no less than `lowest`, with `into` as the default.
  void add_seconds(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning,
                   std::chrono::nanoseconds lowest = {});

  /// The same in hours.
  void add_hours(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning);

  /// `name` BYTES, a whole number, which k, M, G or T multiply by 1024, 1024², …, no less than `lowest`. What it is by
  /// default, `meaning` says.
  void add_size(std::string const& name, std::uint64_t& into, std::string const& meaning, std::uint64_t lowest = 0);

  /// `name` and one of the words in `choices`, with that of `into` as the default.
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

  /// --host HOST, a name or an address, with `into` as the default.
  void add_host(std::string& into, std::string const& meaning);

  /// Reads the arguments. Ends the program with status 0 after --help and --version, which go to standard output, and
  /// with status 2 after wrong usage, which is told in one line on standard error.
  void read_or_exit(int argc, char const* const* argv);

 private:
  static std::uint64_t parse_number(std::string const& option, std::string const& text, std::uint64_t lowest,
                                    std::uint64_t highest);
  static std::size_t find_word(std::string const& option, std::string const& text,
                               std::vector<std::string> const& words);
  static std::string join(std::vector<std::string> const& words, std::string const& separator);
};

}  // namespace samples
