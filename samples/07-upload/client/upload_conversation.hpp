// upload_conversation: the client side of one connection.
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

/// The server has ended the session for a reason that another connection would not change.
class server_failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Keeps references to its arguments.
class upload_conversation {
 public:
  /// `timeout` is how long the server may be silent while the client waits for it; 0: no limit.
  upload_conversation(strait::tcp::stream& server, outgoing_files& files, progress& shown,
                      std::chrono::nanoseconds timeout);
  upload_conversation(upload_conversation const&) = delete;
  upload_conversation& operator=(upload_conversation const&) = delete;
  /// Returns files without a verdict to `files`, so that the next connection offers them again.
  ~upload_conversation();

  /// Runs until all files have a verdict. Throws `strait::error` if the connection fails, and `protocol_error` or
  /// `server_failure` if another connection would fail, too.
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
    std::uint64_t next = 0;  // the offset of the next data
  };

  strait::task<> greet_in_time();
  strait::task<> greet();
  strait::task<hello_of_server> read_hello();

  // Receiving.
  strait::task<> listen();
  void received(want const& message);
  void received(verdict const& message);
  [[noreturn]] void received(failure const& message) const;

  // Sending.
  strait::task<> send_all();
  strait::task<> send_offers();
  strait::task<> open_next();
  strait::task<> send_part(transfer& one);
  strait::task<> send_zeros(std::uint64_t count);
  strait::task<> withdraw_offer(std::uint32_t id, std::string reason);
  strait::task<> wait_for_change();
  template <class Message>
  strait::task<> send(Message message);

  strait::task<> watch();
  [[nodiscard]] bool is_servers_turn() const noexcept;
  [[noreturn]] void no_answer() const;
  [[noreturn]] void connection_closed() const;
  [[noreturn]] void report_protocol_error(std::string_view what) const;

  strait::tcp::stream& server_;
  outgoing_files& files_;
  progress& shown_;
  std::chrono::nanoseconds const timeout_;
  std::string const peer_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;

  hello_of_server limits_;
  std::uint32_t next_id_ = 1;
  std::map<std::uint32_t, open_offer> open_;
  std::deque<want> wanted_;  // requested and not started, in the order of the requests
  std::optional<transfer> current_;
  data_size size_;
  bool has_ended_ = false;  // `end` was sent
  bool cannot_send_ = false;
};

}  // namespace samples::upload
