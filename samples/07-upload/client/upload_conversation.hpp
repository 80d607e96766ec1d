// upload_conversation: the client's side of one connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <strait/strait.hpp>

#include "client/data_size.hpp"
#include "client/outgoing_files.hpp"
#include "client/progress.hpp"
#include "protocol/upload_protocol.hpp"

namespace samples::upload {

/// The server has ended the session, and it would do so again.
class server_failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Refers to its arguments, which must outlive it.
class upload_conversation {
 public:
  /// `patience` is how long the server may be silent when it is its turn; 0: for ever.
  upload_conversation(strait::tcp::stream& server, outgoing_files& files, progress& shown,
                      std::chrono::nanoseconds patience);
  upload_conversation(upload_conversation const&) = delete;
  upload_conversation& operator=(upload_conversation const&) = delete;
  /// Files without a verdict are to be offered on the next connection.
  ~upload_conversation();

  /// Until all files are decided. Throws `strait::error` if the line breaks, `protocol_error` and `server_failure` if
  /// another try would be in vain.
  strait::task<> run();

 private:
  /// An offer without a verdict.
  struct open_offer {
    outgoing_file* what = nullptr;
    bool is_wanted = false;
  };
  /// A file that is being sent.
  struct transfer {
    std::uint32_t id = 0;
    outgoing_file* what = nullptr;
    strait::file from;
    std::uint64_t next = 0;  // the offset that follows
  };

  strait::task<> greet_in_time();
  strait::task<> greet();
  strait::task<hello_of_server> read_hello();

  // What comes.
  strait::task<> listen();
  void came(want const& message);
  void came(verdict const& message);
  [[noreturn]] void came(failure const& message) const;

  // What goes.
  strait::task<> send_all();
  strait::task<> send_offers();
  strait::task<> open_next();
  strait::task<> send_part(transfer& one);
  strait::task<> send_zeros(std::uint64_t count);
  strait::task<> withdraw_offer(std::uint32_t id, std::string reason);
  strait::task<> wait_for_news();
  template <class Message>
  strait::task<> send(Message message);

  strait::task<> watch();
  [[nodiscard]] bool is_servers_turn() const noexcept;
  [[noreturn]] void no_answer() const;
  [[noreturn]] void line_has_ended() const;
  [[noreturn]] void refuse(std::string_view what_came) const;

  strait::tcp::stream& server_;
  outgoing_files& files_;
  progress& shown_;
  std::chrono::nanoseconds const patience_;
  std::string const peer_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;

  hello_of_server limits_;
  std::uint32_t next_id_ = 1;
  std::map<std::uint32_t, open_offer> open_;
  std::deque<want> wanted_;  // and not begun, in the order in which the server has asked
  std::optional<transfer> current_;
  data_size size_;
  bool has_ended_ = false;  // all has been said
  bool cannot_send_ = false;
};

}  // namespace samples::upload
