#include "options/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <strait/version.hpp>

namespace samples {
namespace {

constexpr int wrong_usage = 2;
constexpr double max_seconds = 1e9;  // 30 years; 64 bits of nanoseconds hold about 290

template <class Number>
std::optional<Number> parse_whole(std::string const& text) {
  Number value{};
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::chrono::nanoseconds parse_time(std::string const& option, std::string const& text, double seconds_per_unit,
                                    std::string_view units) {
  auto const number = parse_whole<double>(text);
  if (!number || !(*number >= 0 && *number * seconds_per_unit <= max_seconds))  // rejects NaN, too
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not a number of {}", text, units));
  return std::chrono::ceil<std::chrono::nanoseconds>(std::chrono::duration<double>(*number * seconds_per_unit));
}

std::chrono::nanoseconds parse_seconds(std::string const& option, std::string const& text,
                                       std::chrono::nanoseconds lowest) {
  auto const time = parse_time(option, text, 1, "seconds");
  if (time < lowest)
    throw CLI::ValidationError(option,
                               fmt::format("\"{}\" is less than the minimum of {} seconds", text, in_seconds(lowest)));
  return time;
}

std::uint64_t parse_size(std::string const& option, std::string const& text, std::uint64_t lowest) {
  constexpr std::string_view units = "kMGT";
  auto const unit = text.empty() ? units.npos : units.find(text.back());
  auto const shift = unit == units.npos ? 0 : 10 * (unit + 1);
  auto const number = parse_whole<std::uint64_t>(unit == units.npos ? text : text.substr(0, text.size() - 1));
  if (!number || *number > UINT64_MAX >> shift)
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not a size in bytes, such as 1000, 64k or 10G", text));
  auto const size = *number << shift;
  if (size < lowest)
    throw CLI::ValidationError(option, fmt::format("\"{}\" is less than the minimum of {} bytes", text, lowest));
  return size;
}

std::string check_host(std::string const& host) { return host.empty() ? "the host must not be empty" : ""; }

}  // namespace

command_line::command_line(std::string const& description) : CLI::App(description) {
  allow_extras();  // read_or_exit rejects them itself, so that the message is the same with every version of CLI11
  set_version_flag("--version", [this] { return fmt::format("{} (strait) {}", get_name(), strait::library_version); });
}

std::uint64_t command_line::parse_number(std::string const& option, std::string const& text, std::uint64_t lowest,
                                         std::uint64_t highest) {
  auto const number = parse_whole<std::uint64_t>(text);
  if (!number || *number < lowest || *number > highest)
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not an integer from {} to {}", text, lowest, highest));
  return *number;
}

std::size_t command_line::find_word(std::string const& option, std::string const& text,
                                    std::vector<std::string> const& words) {
  auto const found = std::find(words.begin(), words.end(), text);
  if (found == words.end())
    throw CLI::ValidationError(option, fmt::format("\"{}\" is not one of {}", text, join(words, ", ")));
  return static_cast<std::size_t>(found - words.begin());
}

std::string command_line::join(std::vector<std::string> const& words, std::string const& separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

void command_line::add_seconds(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning,
                               std::chrono::nanoseconds lowest) {
  auto const store = [=, &into](std::string const& text) { into = parse_seconds(name, text, lowest); };
  add_option_function<std::string>(name, store, meaning)
      ->type_name("SECONDS")
      ->default_str(fmt::format("{}", in_seconds(into)));
}

void command_line::add_hours(std::string const& name, std::chrono::nanoseconds& into, std::string const& meaning) {
  constexpr double seconds_per_hour = 3600;
  auto const store = [=, &into](std::string const& text) { into = parse_time(name, text, seconds_per_hour, "hours"); };
  add_option_function<std::string>(name, store, meaning)
      ->type_name("HOURS")
      ->default_str(fmt::format("{}", in_seconds(into) / seconds_per_hour));
}

void command_line::add_size(std::string const& name, std::uint64_t& into, std::string const& meaning,
                            std::uint64_t lowest) {
  auto const store = [=, &into](std::string const& text) { into = parse_size(name, text, lowest); };
  add_option_function<std::string>(name, store, meaning)->type_name("BYTES");
}

void command_line::add_host(std::string& into, std::string const& meaning) {
  add_option("--host", into, meaning)->check(CLI::Validator(check_host, ""))->type_name("HOST")->capture_default_str();
}

void command_line::read_or_exit(int argc, char const* const* argv) {
  name(std::filesystem::path(argv[0]).filename().string());
  try {
    parse(argc, argv);
    auto extra = remaining();
    std::erase(extra, "--");
    if (!extra.empty()) throw CLI::ParseError("unexpected argument " + extra.front(), CLI::ExitCodes::ExtrasError);
  } catch (CLI::Success const& e) {
    std::exit(exit(e));
  } catch (CLI::ParseError const& e) {
    fmt::print(stderr, "{}: {} (see --help)\n", get_name(), e.what());
    std::exit(wrong_usage);
  }
}

}  // namespace samples
