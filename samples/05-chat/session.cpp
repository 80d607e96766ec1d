#include "session.hpp"

#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "names.hpp"
#include "protocol.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/timeout.hpp"
#include "strait/io/lingering_close.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace {

constexpr std::size_t batch_size = 8 * 1024;  // bytes; messages are collected up to this size before they are sent
static_assert(batch_size + longest_message <= buffered_writer<tcp::stream>::default_high_water_mark);
constexpr std::string_view reads_too_slowly = "reads too slowly";
constexpr std::string_view name_rule = "a name has 1 to 20 characters: letters a to z, digits, - and _";

/// Splits "/msg alice hello" into "/msg" and "alice hello".
std::pair<std::string_view, std::string_view> split(std::string_view line) {
  auto const end = line.find(' ');
  if (end == line.npos) return {line, {}};
  auto const rest = line.find_first_not_of(' ', end);
  return {line.substr(0, end), rest == line.npos ? std::string_view() : line.substr(rest)};
}

}  // namespace

struct session::command {
  std::string_view name;
  std::string_view arguments;
  std::string_view meaning;
  void (session::*execute)(std::string_view arguments);
  bool needs_name = false;
};

session::command const session::commands[] = {
    {"/nick", "NAME", "set or change your name", &session::set_name},
    {"/join", "ROOM", "move to another room; it is created if it does not exist", &session::join},
    {"/who", "", "list the people in this room", &session::list_members, true},
    {"/rooms", "", "list the rooms", &session::list_rooms, true},
    {"/msg", "NAME TEXT", "send a message to one person only", &session::say_privately, true},
    {"/help", "", "list the commands", &session::help},
    {"/quit", "", "leave the chat", &session::quit},
};

session::session(chat& in, tcp::stream& client, chat_server_options const& options)
    : chat_(in),
      client_(client),
      in_(client),
      out_(client),
      name_timeout_(options.name_timeout),
      line_timeout_(options.line_timeout),
      write_timeout_(options.write_timeout),
      pacer_(options.rate),
      me_(in, options.queue_limits()),
      first_room_(lobby) {}

task<> session::run() {
  me_.send(notice("welcome! Choose a name with /nick NAME; /help lists the commands"));
  try {
    if (!co_await me_.connection().run(run_tasks())) throw std::runtime_error(std::string(reads_too_slowly));
  } catch (timed_out const&) {
    chat_.leave(me_, "timed out");
    throw;
  } catch (error const&) {
    chat_.leave(me_, "connection lost");
    throw;
  } catch (std::exception const& e) {
    chat_.leave(me_, e.what());
    throw;
  }
  co_await lingering_close(client_);
}

task<> session::run_tasks() {
  co_await with_task_group([this](task_group& both) -> task<> {
    both.spawn(read_lines());
    co_await send_queue();
    both.cancel();
  });
}

task<> session::read_lines() {
  co_await timeout(name_timeout_, wait_for_name());
  while (!has_quit_) co_await execute_next_line();
  chat_.leave(me_);
  me_.send(notice("bye"));
  me_.end();
}

/// Executes lines until the client has a name.
task<> session::wait_for_name() {
  while (!has_quit_ && !me_.current_room()) co_await execute_next_line();
}

task<> session::execute_next_line() {
  auto const line = co_await next_line();
  if (line) execute(*line);
  else has_quit_ = true;
}

/// Returns the next non-empty line with unprintable characters escaped, or nothing at the end of the client's stream.
/// The line timeout starts with the first byte of each line.
task<std::optional<std::string>> session::next_line() {
  std::string line;
  while (line.empty()) {
    co_await pacer_.next();
    auto const beginning = co_await in_.peek();
    if (beginning.empty()) co_return std::nullopt;
    line = co_await timeout(line_timeout_, read_line());
  }
  co_return line;
}

/// Returns the current line; an empty one if the line is too long, which is reported to the client, or if the stream
/// ends before its LF.
task<std::string> session::read_line() {
  try {
    auto const line = co_await in_.read_line(longest_line);
    co_return samples::printable(line.value());
  } catch (unexpected_end const&) {
    in_.consume(in_.buffered().size());
    co_return std::string();
  } catch (limit_exceeded const&) {
    me_.send(notice("line too long, not delivered; the maximum is {} bytes", longest_line));
  }
  co_await in_.skip_line();
  co_return std::string();
}

/// Sends the messages in the queue until it is closed and empty.
task<> session::send_queue() {
  for (;;) {
    try {
      co_await timeout(write_timeout_, out_.flush());
    } catch (timed_out const&) {
      throw std::runtime_error(std::string(reads_too_slowly));
    }
    auto first = co_await me_.queue().receive();
    if (!first) co_return;
    collect(std::move(*first));
  }
}

/// Adds `first` and further messages of the queue to the output buffer, so that they are sent together.
void session::collect(shared_text first) {
  std::optional<shared_text> next = std::move(first);
  while (next) {
    static_cast<void>(out_.try_write(**next));  // fits: see the static_assert above
    next = out_.buffered() < batch_size ? me_.queue().try_receive() : std::nullopt;
  }
}

void session::execute(std::string_view line) {
  bool const is_command = line.starts_with('/') && !line.starts_with("//");
  if (!is_command && me_.current_room()) return chat_.say(me_, line.substr(line.starts_with('/') ? 1 : 0));

  auto const [name, arguments] = split(line);
  for (auto const& each : commands)
    if (each.name == name && (me_.current_room() || !each.needs_name)) return (this->*each.execute)(arguments);

  if (!me_.current_room()) me_.send(notice("choose a name first: /nick NAME"));
  else me_.send(notice("unknown command {}; /help lists the commands", name));
}

void session::set_name(std::string_view name) {
  if (!is_name(name)) me_.send(notice("{}", name_rule));
  else if (!chat_.set_name(me_, name, first_room_)) me_.send(notice("the name {} is taken; choose another one", name));
}

void session::join(std::string_view room) {
  if (!is_name(room)) me_.send(notice("{}", name_rule));
  else if (me_.current_room()) chat_.move(me_, room);
  else first_room_ = room;
}

void session::list_members(std::string_view) {
  me_.send(notice("in {}: {}", me_.current_room()->name(), me_.current_room()->names()));
}

void session::list_rooms(std::string_view) { me_.send(notice("rooms: {}", chat_.rooms())); }

void session::say_privately(std::string_view name_and_text) {
  auto const [name, text] = split(name_and_text);
  if (text.empty()) me_.send(notice("usage: /msg NAME TEXT"));
  else if (!chat_.say_privately(name, me_, text)) me_.send(notice("there is no user named {}", name));
}

void session::help(std::string_view) {
  std::string text;
  for (auto const& each : commands)
    text += fmt::format("* {:<16} {}\n", fmt::format("{} {}", each.name, each.arguments), each.meaning);
  text += "* Every other line is sent to the room. To send a line that begins with /, begin it with //.\n";
  me_.send(std::make_shared<std::string const>(std::move(text)));
}

void session::quit(std::string_view) { has_quit_ = true; }
