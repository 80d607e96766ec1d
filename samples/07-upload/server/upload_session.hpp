// upload_session: the server's side of one connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <strait/strait.hpp>

#include "protocol/upload_protocol.hpp"
#include "protocol/upload_rules.hpp"
#include "server/inbox.hpp"
#include "server/incoming.hpp"
#include "server/minimum_rate.hpp"

namespace samples::upload {

/// Called with each offer and its verdict.
using verdict_listener = std::function<void(offer const&, decision const&)>;

/// The time limits of a client.
struct session_limits {
  std::uint64_t min_rate = 0;                  // bytes per second of requested data; 0: no limit
  std::chrono::nanoseconds client_timeout{0};  // for its hello, the rest of a message, requested data, and reading
};

class upload_session {
 public:
  upload_session(strait::tcp::stream& client, inbox& into, session_limits const& limits, verdict_listener on_verdict);

  /// Serves the connection from the greeting to the end. Errors are reported to the client and thrown.
  [[nodiscard]] strait::task<> run();

 private:
  /// An offer and the work on it. Owned by the task that does the work, which may end some time after the client has
  /// withdrawn the offer.
  struct upload {
    upload(upload_session& of, offer offered);
    upload(upload const&) = delete;
    upload& operator=(upload const&) = delete;
    ~upload();
    void refuse(decision why);
    void withdraw();

    upload_session& session;
    offer what;
    std::unique_ptr<incoming> file;   // null until the file is wanted
    std::optional<decision> refusal;  // set when the file is no longer wanted
    strait::cancel_scope checking;    // reading of files; canceled by a refusal
    strait::cancel_scope receiving;   // receiving of one `data` message
    bool is_withdrawn = false;
    bool is_receiving = false;
    bool is_waiting = false;    // for data
    strait::event has_changed;  // data has arrived, or the offer was refused
  };

  /// The bytes of files that have arrived.
  struct data_count {
    std::uint64_t complete = 0;     // of earlier `data` messages
    std::uint64_t announced = 0;    // by the current one; 0: none
    std::uint64_t buffered = 0;     // arrived together with the current message
    std::uint64_t read_before = 0;  // total bytes read from the connection before that
  };

  strait::task<> run_session();
  strait::task<> greet();
  strait::task<> listen(strait::task_group& uploads);
  strait::task<std::optional<std::string_view>> next_message();
  strait::task<> begin(offer what, strait::task_group& uploads);
  strait::task<> handle_offer(std::unique_ptr<upload> one);
  strait::task<decision> decide(upload& one);
  strait::task<> ask_for_data(upload& one);
  strait::task<> verify(upload& one);
  strait::task<> wait_for_data(upload& one);
  strait::task<> receive(data what);
  strait::task<std::uint64_t> store(upload& one, data what);
  strait::task<> skip(std::uint64_t count);
  strait::task<> send_alive();
  strait::task<> send_failure(std::string text);
  strait::task<> watch_rate();
  void update_data_due();
  [[nodiscard]] std::uint64_t data_bytes() const noexcept;

  template <class Message>
  strait::task<> send(Message const& message);
  template <class Message>
  strait::task<> send_in_turn(Message const& message);

  strait::tcp::stream& client_;
  inbox& inbox_;
  session_limits const limits_;
  verdict_listener on_verdict_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;
  strait::frame_reader<strait::tcp::stream> messages_;
  strait::mutex sending_;
  strait::mutex reading_;  // held while a large file is read for a comparison
  upload_rules rules_;
  std::map<std::uint32_t, upload*> open_;  // offers without a verdict that were not withdrawn
  std::size_t at_work_ = 0;                // number of tasks, including those of withdrawn offers
  strait::event one_is_done_;
  data_count data_;
  minimum_rate rate_;
  bool is_greeted_ = false;
};

}  // namespace samples::upload
