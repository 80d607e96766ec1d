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
#include "server/pace.hpp"

namespace samples::upload {

/// Who wants to know what becomes of a file: its name, and the verdict.
using verdict_listener = std::function<void(offer const&, decision const&)>;

/// How slow a client may be.
struct session_limits {
  std::uint64_t min_rate = 0;            // bytes per second of the data that it owes; 0: any
  std::chrono::nanoseconds patience{0};  // for its hello, the rest of a message, data, and reading
};

class upload_session {
 public:
  upload_session(strait::tcp::stream& client, inbox& into, session_limits const& limits, verdict_listener on_verdict);

  /// From the greeting to the end. What comes to grief is told the client, and thrown.
  [[nodiscard]] strait::task<> run();

 private:
  /// An offer, and the work on it. Owned by the task that does the work, which may end some time after the client has
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
    std::unique_ptr<incoming> file;   // when it is wanted
    std::optional<decision> refusal;  // it is not, any more
    strait::cancel_scope looking;     // reading files, which a refusal ends
    strait::cancel_scope receiving;   // of one `data`
    bool is_withdrawn = false;
    bool is_receiving = false;
    bool is_waiting = false;    // for data
    strait::event has_changed;  // more has come, or will not
  };

  /// The bytes of files that have arrived.
  struct data_count {
    std::uint64_t complete = 0;     // of earlier `data` messages
    std::uint64_t announced = 0;    // by the current one; 0: there is none
    std::uint64_t buffered = 0;     // had arrived with its message
    std::uint64_t read_before = 0;  // by the connection, until then
  };

  strait::task<> converse();
  strait::task<> greet();
  strait::task<> listen(strait::task_group& uploads);
  strait::task<std::optional<std::string_view>> next_message();
  strait::task<> begin(offer what, strait::task_group& uploads);
  strait::task<> take_in(std::unique_ptr<upload> one);
  strait::task<decision> decide(upload& one);
  strait::task<> ask_for_data(upload& one);
  strait::task<> verify(upload& one);
  strait::task<> wait_for_data(upload& one);
  strait::task<> receive(data what);
  strait::task<std::uint64_t> store(upload& one, data what);
  strait::task<> skip(std::uint64_t count);
  strait::task<> say_alive();
  strait::task<> say_failure(std::string text);
  strait::task<> watch_pace();
  void note_what_is_owed();
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
  strait::mutex reading_;  // of a large file, to compare it
  upload_rules rules_;
  std::map<std::uint32_t, upload*> open_;  // what has neither a verdict nor been withdrawn
  std::size_t at_work_ = 0;                // tasks, those of withdrawn offers included
  strait::event one_is_done_;
  data_count data_;
  pace pace_;
  bool is_greeted_ = false;
};

}  // namespace samples::upload
