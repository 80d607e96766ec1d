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

constexpr std::size_t one_piece = 8 * 1024;  // so many bytes are sent at once, if there are as many
static_assert(one_piece + longest_message <= buffered_writer<tcp::stream>::default_high_water_mark);
constexpr std::string_view does_not_read = "does not read what comes";
constexpr std::string_view rule_of_names = "a name has 1 to 20 letters from a to z, digits, - and _";

/// "/msg alice hello" is "/msg" and "alice hello".
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
  void (session::*obey)(std::string_view arguments);
  bool needs_name = false;
};

session::command const session::commands[] = {
    {"/nick", "NAME", "be called so", &session::take_name},
    {"/join", "ROOM", "go to another room, which exists while somebody is in it", &session::join},
    {"/who", "", "who is in this room", &session::list_people, true},
    {"/rooms", "", "which rooms there are", &session::list_rooms, true},
    {"/msg", "NAME TEXT", "say something to one person only", &session::say_to, true},
    {"/help", "", "this", &session::help},
    {"/quit", "", "leave", &session::quit},
};

session::session(chat& in, tcp::stream& client, chat_server_options const& options)
    : chat_(in),
      client_(client),
      in_(client),
      out_(client),
      name_timeout_(options.name_timeout),
      line_timeout_(options.line_timeout),
      write_timeout_(options.write_timeout),
      pace_(options.rate),
      me_(in, options.queue_limits()),
      first_room_(lobby) {}

task<> session::run() {
  me_.tell(notice("welcome! Who are you? /nick NAME tells it, /help what else there is"));
  try {
    if (!co_await me_.connection().run(converse())) throw std::runtime_error(std::string(does_not_read));
  } catch (timed_out const&) {
    chat_.leave(me_, "silent for too long");
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

task<> session::converse() {
  co_await with_task_group([this](task_group& both) -> task<> {
    both.spawn(read_lines());
    co_await send_queue();
    both.cancel();
  });
}

task<> session::read_lines() {
  co_await timeout(name_timeout_, introduction());
  while (!has_quit_) co_await obey_next_line();
  chat_.leave(me_);
  me_.tell(notice("bye"));
  me_.end();
}

/// Until the client has a name.
task<> session::introduction() {
  while (!has_quit_ && !me_.where()) co_await obey_next_line();
}

task<> session::obey_next_line() {
  auto const line = co_await next_line();
  if (line) obey(*line);
  else has_quit_ = true;
}

/// The next line that is not empty, fit to be shown; nothing at the end of what the client sends. A line that has begun
/// must be complete within the line timeout, however many pieces it arrives in.
task<std::optional<std::string>> session::next_line() {
  std::string line;
  while (line.empty()) {
    co_await pace_.next();
    auto const begun = co_await in_.peek();
    if (begun.empty()) co_return std::nullopt;
    line = co_await timeout(line_timeout_, read_line());
  }
  co_return line;
}

/// The line that has begun; empty if it is too long, which the client is told, or has no end.
task<std::string> session::read_line() {
  try {
    auto const line = co_await in_.read_line(longest_line);
    co_return samples::printable(line.value());
  } catch (unexpected_end const&) {
    in_.consume(in_.buffered().size());
    co_return std::string();
  } catch (limit_exceeded const&) {
    me_.tell(notice("this line is too long, and nobody has seen it: a line has {} bytes at most", longest_line));
  }
  co_await in_.skip_line();
  co_return std::string();
}

/// Sends what the member is told, until the queue has been closed and is empty.
task<> session::send_queue() {
  for (;;) {
    try {
      co_await timeout(write_timeout_, out_.flush());
    } catch (timed_out const&) {
      throw std::runtime_error(std::string(does_not_read));
    }
    auto first = co_await me_.queue().receive();
    if (!first) co_return;
    collect(std::move(*first));
  }
}

/// `first`, and what else is there, in one piece.
void session::collect(shared_text first) {
  std::optional<shared_text> next = std::move(first);
  while (next) {
    static_cast<void>(out_.try_write(**next));  // there is room: a piece and a message are less than `out_` takes
    next = out_.buffered() < one_piece ? me_.queue().try_receive() : std::nullopt;
  }
}

void session::obey(std::string_view line) {
  bool const is_command = line.starts_with('/') && !line.starts_with("//");
  if (!is_command && me_.where()) return chat_.say(me_, line.substr(line.starts_with('/') ? 1 : 0));

  auto const [name, arguments] = split(line);
  for (auto const& each : commands)
    if (each.name == name && (me_.where() || !each.needs_name)) return (this->*each.obey)(arguments);

  if (!me_.where()) me_.tell(notice("first say who you are: /nick NAME"));
  else me_.tell(notice("there is no {}; /help lists what there is", name));
}

void session::take_name(std::string_view name) {
  if (!is_name(name)) me_.tell(notice("{}", rule_of_names));
  else if (!chat_.name(me_, name, first_room_)) me_.tell(notice("somebody else is called {}: take another name", name));
}

void session::join(std::string_view room) {
  if (!is_name(room)) me_.tell(notice("{}", rule_of_names));
  else if (me_.where()) chat_.move(me_, room);
  else first_room_ = room;
}

void session::list_people(std::string_view) {
  me_.tell(notice("in {}: {}", me_.where()->name(), me_.where()->names()));
}

void session::list_rooms(std::string_view) { me_.tell(notice("rooms: {}", chat_.rooms())); }

void session::say_to(std::string_view name_and_text) {
  auto const [name, text] = split(name_and_text);
  if (text.empty()) me_.tell(notice("to whom, and what? /msg NAME TEXT"));
  else if (!chat_.say_to(name, me_, text)) me_.tell(notice("nobody is called {}", name));
}

void session::help(std::string_view) {
  std::string text;
  for (auto const& each : commands)
    text += fmt::format("* {:<16} {}\n", fmt::format("{} {}", each.name, each.arguments), each.meaning);
  text += "* All else is said to the room; // in front says what begins with /.\n";
  me_.tell(std::make_shared<std::string const>(std::move(text)));
}

void session::quit(std::string_view) { has_quit_ = true; }
