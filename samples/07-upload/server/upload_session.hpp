// upload_session: the server's side of one connection.
#pragma once

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

namespace samples::upload {

/// Who wants to know what becomes of a file: its name, and the verdict.
using verdict_listener = std::function<void(offer const&, decision const&)>;

class upload_session {
 public:
  /// `min_rate` is in bytes per second.
  upload_session(strait::tcp::stream& client, inbox& into, std::uint64_t min_rate, verdict_listener on_verdict);

  /// From the greeting to the end. What comes to grief is told the client, and thrown.
  [[nodiscard]] strait::task<> run();

 private:
  /// An offer that has no verdict.
  struct upload {
    offer what;
    std::unique_ptr<incoming> file;   // when it is wanted
    std::optional<decision> refusal;  // it is not, any more
    strait::cancel_scope receiving;   // of one `data`
    bool is_receiving = false;
    bool is_waiting = false;    // for data
    strait::event has_changed;  // more has come, or will not
    void refuse(decision why);
  };

  strait::task<> converse();
  strait::task<> greet();
  strait::task<> listen(strait::task_group& uploads);
  strait::task<> take_in(upload& one);
  strait::task<decision> decide(upload& one);
  strait::task<> verify(upload& one);
  strait::task<> wait_for_data(upload& one);
  strait::task<> receive(data what);
  strait::task<std::uint64_t> store(upload& one, data what);
  strait::task<> skip(std::uint64_t count);
  strait::task<> say_alive();
  strait::task<> say_failure(std::string text);
  void watch_rate();

  template <class Message>
  strait::task<> send(Message const& message);

  strait::tcp::stream& client_;
  inbox& inbox_;
  std::uint64_t min_rate_;
  verdict_listener on_verdict_;
  strait::buffered_reader<strait::tcp::stream> in_;
  strait::buffered_writer<strait::tcp::stream> out_;
  strait::mutex sending_;
  upload_rules rules_;
  std::map<std::uint32_t, upload> uploads_;
  bool is_greeted_ = false;
  bool is_rate_watched_ = false;
};

}  // namespace samples::upload
