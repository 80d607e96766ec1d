// session: the conversation of the server with one client.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat.hpp"
#include "chat_server_options.hpp"
#include "line_pacer.hpp"
#include "member.hpp"
#include "shared_text.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/net/tcp.hpp"

/// Runs two tasks: one reads lines and executes them, the other sends the messages in the member's queue. The queue is
/// closed by /quit, by the end of the client's stream, or by the shutdown of the chat; the messages in it are then
/// sent, and the connection is closed. `in` and `client` must outlive the session.
class session {
 public:
  session(chat& in, strait::tcp::stream& client, chat_server_options const& options);

  /// Serves the client until the connection is to be closed. Throws if the connection fails.
  strait::task<> run();

 private:
  struct command;
  static command const commands[];

  strait::task<> run_tasks();
  strait::task<> read_lines();
  strait::task<> wait_for_name();
  strait::task<> execute_next_line();
  strait::task<std::optional<std::string>> next_line();
  strait::task<std::string> read_line();
  strait::task<> send_queue();
  void collect(shared_text first);

  void execute(std::string_view line);
  void set_name(std::string_view name);
  void join(std::string_view room);
  void list_members(std::string_view);
  void list_rooms(std::string_view);
  void say_privately(std::string_view name_and_text);
  void help(std::string_view);
  void quit(std::string_view);

  chat& chat_;
  strait::tcp::stream& client_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;
  std::chrono::nanoseconds name_timeout_;
  std::chrono::nanoseconds line_timeout_;
  std::chrono::nanoseconds write_timeout_;
  line_pacer pacer_;
  member me_;
  std::string first_room_;
  bool has_quit_ = false;
};
