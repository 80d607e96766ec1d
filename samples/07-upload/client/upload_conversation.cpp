#include "client/upload_conversation.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include <sys/ioctl.h>

#include <fmt/format.h>

#include "text/escaped.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::size_t max_shown_bytes = 40;  // of an unexpected greeting

std::string line_about(outgoing_file const& file, std::string_view what, std::string_view details) {
  return fmt::format("{}: {}{}{}", file.what.name, what, details.empty() ? "" : ": ", details);
}

/// Returns how many sent bytes the peer has not acknowledged.
int unacknowledged(tcp::stream const& stream) noexcept {
  int size = 0;
  return ::ioctl(stream.native_handle(), TIOCOUTQ, &size) == 0 ? size : 0;
}

}  // namespace

upload_conversation::upload_conversation(tcp::stream& server, outgoing_files& files, progress& shown,
                                         std::chrono::nanoseconds timeout)
    : server_(server),
      files_(files),
      shown_(shown),
      timeout_(timeout),
      peer_(fmt::format("{}", server.remote_endpoint())),
      in_(server),
      out_(server) {
  server.write_timeout(timeout);
}

upload_conversation::~upload_conversation() {
  for (auto each = open_.rbegin(); each != open_.rend(); ++each) files_.put_back(*each->second.what);
}

task<> upload_conversation::run() {
  try {
    co_await greet_in_time();
    auto const both_ways = [this](task_group& others) -> task<> {
      others.spawn(send_all());
      others.spawn(watch());
      co_await listen();
      others.cancel();
    };
    co_await with_task_group(both_ways);
  } catch (multiple_errors const& both) {  // both directions of one connection failed
    std::rethrow_exception(both[0]);
  } catch (limit_exceeded const& e) {
    report_protocol_error(e.what());
  } catch (protocol_error const& e) {
    report_protocol_error(e.what());
  }
}

void upload_conversation::report_protocol_error(std::string_view what) const {
  throw protocol_error(fmt::format("{} violated the upload protocol: {}", peer_, what));
}

task<> upload_conversation::greet_in_time() {
  if (timeout_.count() == 0) {
    co_await greet();
    co_return;
  }
  try {
    co_await timeout(timeout_, greet());
  } catch (timed_out const&) {
    no_answer();
  }
}

task<> upload_conversation::greet() {
  co_await out_.write(greeting);
  co_await send(hello_of_client());
  co_await out_.flush();
  for (std::size_t known = 1; known <= greeting.size(); ++known) {
    auto const begin = co_await in_.peek(known);
    if (begin.size() < known) connection_closed();
    if (begin.substr(0, known) != greeting.substr(0, known))
      throw protocol_error(fmt::format("unexpected greeting {}", bytes_literal(begin.substr(0, max_shown_bytes))));
  }
  in_.consume(greeting.size());
  limits_ = co_await read_hello();
}

task<hello_of_server> upload_conversation::read_hello() {
  frame_reader messages(in_, framing);
  auto const bytes = co_await messages.read();
  if (!bytes) connection_closed();
  auto const message = decode_from_server(*bytes);
  if (auto const* const refusal = std::get_if<failure>(&message)) received(*refusal);
  auto const* const hello = std::get_if<hello_of_server>(&message);
  if (!hello) throw protocol_error("the first message is not hello");
  if (hello->version != version) throw protocol_error(fmt::format("unsupported version {}", hello->version));
  co_return *hello;
}

/// Handles messages until the server sends `end`.
task<> upload_conversation::listen() {
  frame_reader messages(in_, framing);
  while (auto const bytes = co_await messages.read()) {
    auto const message = decode_from_server(*bytes);
    if (auto const* const wish = std::get_if<want>(&message)) received(*wish);
    else if (auto const* const decided = std::get_if<verdict>(&message)) received(*decided);
    else if (auto const* const refusal = std::get_if<failure>(&message)) received(*refusal);
    else if (std::holds_alternative<hello_of_server>(message)) throw protocol_error("hello: sent twice");
    else if (std::holds_alternative<end>(message) && has_ended_) co_return;
    else if (std::holds_alternative<end>(message)) connection_closed();
  }
  connection_closed();
}

void upload_conversation::received(want const& message) {
  if (message.id >= next_id_) throw protocol_error(fmt::format("want {}: no such offer", message.id));
  auto const found = open_.find(message.id);
  if (found == open_.end()) return;  // the offer was withdrawn meanwhile
  auto& one = found->second;
  auto& file = *one.what;
  if (one.is_wanted) throw protocol_error(fmt::format("want {}: sent twice", message.id));
  if (message.offset > file.what.size)
    throw protocol_error(
        fmt::format("want {}: offset {} exceeds the size of {} bytes", message.id, message.offset, file.what.size));

  one.is_wanted = true;
  file.was_resumed = message.offset > 0;
  if (message.offset > file.farthest) files_.note_progress();
  file.farthest = std::max(file.farthest, message.offset);
  shown_.kept(file, message.offset);
  if (message.offset == file.what.size) return;
  wanted_.push_back(message);
  files_.changed().set();
}

void upload_conversation::received(verdict const& message) {
  if (message.id >= next_id_) throw protocol_error(fmt::format("verdict {}: no such offer", message.id));
  auto const found = open_.find(message.id);
  if (found == open_.end()) return;
  auto& file = *found->second.what;
  open_.erase(found);
  files_.note_progress();
  auto const what = to_string(message.code);
  if (upload::is_stored(message.code)) {
    files_.mark_stored(file, what);
  } else if (message.code == verdict_code::wrong_contents && file.was_resumed && !file.is_offered_again) {
    file.is_offered_again = true;  // the data that the server had kept may have been wrong; it has discarded it
    files_.put_back(file);
  } else {
    files_.mark_refused(file, line_about(file, what, message.text));
  }
}

void upload_conversation::received(failure const& message) const {
  auto const line = fmt::format("{} ended the session: {}", peer_, printable(message.text));
  if (!message.text.starts_with(shutdown_text)) throw server_failure(line);
  throw error(std::make_error_code(std::errc::connection_aborted), fmt::format("{} ended the session", peer_),
              printable(message.text));
}

/// Sends offers and data until everything is sent. Ignores a failed connection: `listen` reports it, because the server
/// may have sent the reason.
task<> upload_conversation::send_all() {
  try {
    while (!files_.are_done()) {
      co_await send_offers();
      if (!current_) co_await open_next();
      if (current_) co_await send_part(*current_);
      else co_await wait_for_change();
    }
    has_ended_ = true;
    co_await send(end());
    co_await out_.flush();
  } catch (timed_out const&) {
    throw;
  } catch (error const&) {
    cannot_send_ = true;
  }
}

task<> upload_conversation::send_offers() {
  while (open_.size() < limits_.window) {
    auto* const file = files_.take();
    if (!file) break;
    auto const id = next_id_++;
    open_[id].what = file;
    auto const& what = file->what;
    offer const message{.id = id, .kind = what.kind, .size = what.size, .digest = file->digest, .name = what.name};
    co_await send(message);
  }
}

/// Opens the next requested file.
task<> upload_conversation::open_next() {
  while (!current_ && !wanted_.empty()) {
    auto const next = wanted_.front();
    wanted_.pop_front();
    auto const found = open_.find(next.id);
    if (found == open_.end()) continue;
    auto* const file = found->second.what;
    std::string trouble;
    try {
      auto from = co_await open_file(file->what.path);
      auto const status = co_await from.status();
      if (status.size < file->what.size) trouble = line_about(*file, "the file was truncated during the upload", {});
      else current_.emplace(transfer{next.id, file, std::move(from), next.offset});
    } catch (error const& e) {
      trouble = e.what();
    }
    if (!trouble.empty()) co_await withdraw_offer(next.id, trouble);
  }
}

/// Sends one `data` message. If the file was truncated or can no longer be read, fills the announced size with zeros
/// and withdraws the offer.
task<> upload_conversation::send_part(transfer& one) {
  auto& file = *one.what;
  auto const count = std::min<std::uint64_t>(size_.next(limits_.data_limit), file.what.size - one.next);
  if (count == 0 || !open_.contains(one.id)) {  // a verdict may have arrived meanwhile
    current_.reset();
    co_return;
  }
  data const message{.id = one.id, .offset = one.next, .count = static_cast<std::uint32_t>(count)};
  co_await send(message);
  co_await out_.flush();

  auto const on_progress = [this, &one](std::uint64_t sent) {
    if (open_.contains(one.id)) shown_.sent(*one.what, one.next + sent);
  };
  std::string trouble;
  std::uint64_t missing = 0;
  auto const begun = std::chrono::steady_clock::now();
  try {
    co_await send_file(server_, one.from, one.next, count, on_progress);
  } catch (unexpected_end const& e) {
    trouble = line_about(file, "the file was truncated during the upload", {});
    missing = count - e.transferred();
  } catch (timed_out const&) {
    throw;
  } catch (error const& e) {  // an error of the file; if the connection failed, the next write throws
    trouble = e.what();
    missing = count - e.transferred();
  }
  one.next += count;
  size_.sent(message.count, std::chrono::steady_clock::now() - begun);
  if (trouble.empty()) co_return;
  co_await send_zeros(missing);
  auto const id = one.id;
  current_.reset();
  co_await withdraw_offer(id, trouble);
}

task<> upload_conversation::send_zeros(std::uint64_t count) {
  static constexpr std::array<char, 4096> zeros{};
  while (count > 0) {
    auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()));
    co_await out_.write(const_buffer(zeros.data(), size));
    count -= size;
  }
  co_await out_.flush();
}

task<> upload_conversation::withdraw_offer(std::uint32_t id, std::string reason) {
  auto const found = open_.find(id);
  if (found == open_.end()) co_return;
  auto& file = *found->second.what;
  open_.erase(found);
  files_.mark_refused(file, reason);
  withdraw const message{.id = id, .reason = std::move(reason)};
  co_await send(message);
}

task<> upload_conversation::wait_for_change() {
  co_await out_.flush();
  bool is_silent = false;
  try {
    co_await timeout(alive_interval, files_.changed().wait());
  } catch (timed_out const&) {
    is_silent = true;
  }
  files_.changed().reset();
  if (is_silent && files_.is_preparing()) co_await send(alive());
}

template <class Message>
task<> upload_conversation::send(Message message) {
  auto const bytes = encoded(message);
  frame_writer messages(out_, framing);
  co_await messages.write(bytes);
}

/// Throws `timed_out` if the server is silent while the client waits for it, that is, after the server's kernel has
/// acknowledged all sent data.
task<> upload_conversation::watch() {
  if (timeout_.count() == 0) co_return;
  auto const step =
      std::clamp<std::chrono::nanoseconds>(timeout_ / 8, std::chrono::milliseconds(10), std::chrono::seconds(1));
  auto since = std::chrono::steady_clock::now();
  auto moved = std::pair(server_.bytes_read(), unacknowledged(server_));
  for (;;) {
    co_await sleep_for(step);
    auto const now = std::chrono::steady_clock::now();
    auto const moved_now = std::pair(server_.bytes_read(), unacknowledged(server_));
    if (!is_servers_turn() || moved_now != moved) since = now;
    moved = moved_now;
    if (now - since > timeout_) no_answer();
  }
}

bool upload_conversation::is_servers_turn() const noexcept {
  return cannot_send_ || has_ended_ || (!open_.empty() && !current_ && wanted_.empty());
}

void upload_conversation::no_answer() const { throw timed_out(fmt::format("wait for an answer from {}", peer_)); }

void upload_conversation::connection_closed() const {
  throw error(std::make_error_code(std::errc::connection_reset), fmt::format("read from {}", peer_),
              "the connection was closed");
}

}  // namespace samples::upload
