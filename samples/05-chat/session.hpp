// session: what one client and the server say to each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat.hpp"
#include "chat_server_options.hpp"
#include "member.hpp"
#include "pace.hpp"
#include "shared_text.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/net/tcp.hpp"

/// Two tasks: one reads lines, and does what they say; one sends what is in the member's queue. When that has been
/// closed, by /quit, by the end of what the client sends, or because the chat ends, the rest of it is sent, and the
/// connection ends. All but the options must outlive it.
class session {
 public:
  session(chat& in, strait::tcp::stream& client, chat_server_options const& options);

  /// The client from its first line to its last. Throws what goes wrong with it.
  strait::task<> run();

 private:
  struct command;
  static command const commands[];

  strait::task<> converse();
  strait::task<> read_lines();
  strait::task<> introduction();
  strait::task<> obey_next_line();
  strait::task<std::optional<std::string>> next_line();
  strait::task<std::string> read_line();
  strait::task<> send_queue();
  void collect(shared_text first);

  void obey(std::string_view line);
  void take_name(std::string_view name);
  void join(std::string_view room);
  void list_people(std::string_view);
  void list_rooms(std::string_view);
  void say_to(std::string_view name_and_text);
  void help(std::string_view);
  void quit(std::string_view);

  chat& chat_;
  strait::tcp::stream& client_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;
  std::chrono::nanoseconds name_timeout_;
  std::chrono::nanoseconds line_timeout_;
  std::chrono::nanoseconds write_timeout_;
  pace pace_;
  member me_;
  std::string first_room_;
  bool has_quit_ = false;
};
