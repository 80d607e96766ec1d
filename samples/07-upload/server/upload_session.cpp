#include "server/upload_session.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <sys/ioctl.h>

#include <fmt/format.h>

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::uint16_t window = 32;
constexpr std::uint32_t data_limit = 8 * 1024 * 1024;

/// Whether the receive buffer holds unread data: then the session does not wait for the client.
bool has_unread(tcp::stream const& client) noexcept {
  int size = 0;
  return ::ioctl(client.native_handle(), FIONREAD, &size) == 0 && size > 0;
}

}  // namespace

upload_session::upload_session(tcp::stream& client, inbox& into, session_limits const& limits,
                               verdict_listener on_verdict)
    : client_(client),
      inbox_(into),
      limits_(limits),
      on_verdict_(std::move(on_verdict)),
      in_(client),
      out_(client),
      messages_(in_, framing),
      rules_(window, data_limit),
      rate_(limits.min_rate, limits.client_timeout, std::chrono::steady_clock::now()) {
  client.write_timeout(limits.client_timeout);
}

upload_session::upload::upload(upload_session& of, offer offered) : session(of), what(std::move(offered)) {
  session.open_.emplace(what.id, this);
  ++session.at_work_;
}

upload_session::upload::~upload() {
  if (auto const found = session.open_.find(what.id); found != session.open_.end() && found->second == this)
    session.open_.erase(found);
  --session.at_work_;
  session.one_is_done_.set();
}

void upload_session::upload::refuse(decision why) {
  if (!refusal) refusal = std::move(why);
  checking.cancel();
  receiving.cancel();
  has_changed.set();
}

void upload_session::upload::withdraw() {
  is_withdrawn = true;
  session.open_.erase(what.id);
  refuse({verdict_code::cannot_store, "the client withdrew the offer"});
}

task<> upload_session::run() {
  std::exception_ptr failure;
  std::string reason;
  try {
    co_await run_session();
    co_return;
  } catch (canceled const&) {
    failure = std::current_exception();
    reason = fmt::format("{}; received data is kept", shutdown_text);
  } catch (std::exception const& e) {
    failure = std::current_exception();
    reason = e.what();
  }
  if (is_greeted_) co_await shield(send_failure(std::move(reason)));
  std::rethrow_exception(failure);
}

task<> upload_session::run_session() {
  co_await timeout(limits_.client_timeout, greet());
  auto const all = [this](task_group& background) -> task<> {
    background.spawn(send_alive());
    background.spawn(watch_rate());
    auto const conversation = [this](task_group& uploads) { return listen(uploads); };
    co_await with_task_group(conversation);
    background.cancel();
  };
  co_await with_task_group(all);
  if (!rules_.has_ended()) co_return;
  end const last;
  co_await send(last);
}

task<> upload_session::greet() {
  for (std::size_t known = 1; known <= greeting.size(); ++known) {
    auto const begin = co_await in_.peek(known);
    if (begin.substr(0, known) != greeting.substr(0, known))
      throw protocol_error("the greeting is not that of the upload protocol");
  }
  in_.consume(greeting.size());
  is_greeted_ = true;
  co_await out_.write(greeting);  // sent together with the first message
  auto const message = co_await messages_.read();
  if (!message) throw protocol_error("the connection ended in the middle of the hello");
  auto const hello = decode_from_client(*message);
  if (!std::holds_alternative<hello_of_client>(hello)) throw protocol_error("the first message is not hello");
  if (std::get<hello_of_client>(hello).version < version)
    throw protocol_error(fmt::format("hello: version {} is not supported", std::get<hello_of_client>(hello).version));
  rules_.received(std::get<hello_of_client>(hello));
  hello_of_server const answer{version, window, data_limit, inbox_.rules().max_file_size};
  co_await send(answer);
}

/// Handles messages until the client sends `end` or closes the connection.
task<> upload_session::listen(task_group& uploads) {
  while (auto const bytes = co_await next_message()) {
    auto message = decode_from_client(*bytes);
    if (auto* const what = std::get_if<offer>(&message)) {
      co_await begin(std::move(*what), uploads);
    } else if (auto const* const part = std::get_if<data>(&message)) {
      co_await receive(*part);
    } else if (auto const* const gone = std::get_if<withdraw>(&message)) {
      rules_.received(*gone);
      if (auto const found = open_.find(gone->id); found != open_.end()) found->second->withdraw();
    } else if (auto const* const last = std::get_if<end>(&message)) {
      rules_.received(*last);
      co_return;
    } else if (auto const* const again = std::get_if<hello_of_client>(&message)) {
      rules_.received(*again);
    } else {
      rules_.received(std::get<alive>(message));
    }
    update_data_due();
  }
  uploads.cancel();  // the client has closed the connection without `end`
}

/// Waits for the next message. The time limit starts with its first byte.
task<std::optional<std::string_view>> upload_session::next_message() {
  if (in_.buffered().empty()) co_await in_.peek();
  co_return co_await timeout(limits_.client_timeout, messages_.read());
}

/// Starts the work on an offer. The work on a withdrawn offer takes some time to end; while the number of tasks exceeds
/// the window, no further message is read.
task<> upload_session::begin(offer what, task_group& uploads) {
  rules_.received(what);
  while (at_work_ >= window) {
    one_is_done_.reset();
    co_await one_is_done_.wait();
  }
  uploads.spawn(handle_offer(std::make_unique<upload>(*this, std::move(what))));
}

/// Processes an offer up to its verdict.
task<> upload_session::handle_offer(std::unique_ptr<upload> one) {
  auto const became = co_await decide(*one);
  one->file.reset();
  auto const turn = co_await sending_.lock();
  if (one->is_withdrawn) co_return;
  verdict const answer{one->what.id, became.code, became.text};
  rules_.sent(answer);
  open_.erase(one->what.id);
  update_data_due();
  on_verdict_(one->what, became);
  co_await send_in_turn(answer);
}

task<decision> upload_session::decide(upload& one) {
  auto const on_takeover = [&one] {
    one.refuse({verdict_code::taken_over, "another connection has taken over this file"});
  };
  auto found = co_await one.checking.run(inbox_.accept_offer(one.what, on_takeover, reading_));
  if (found && std::holds_alternative<decision>(*found)) co_return std::get<decision>(std::move(*found));
  if (one.refusal) co_return *one.refusal;

  one.file = std::get<std::unique_ptr<incoming>>(std::move(*found));
  co_await ask_for_data(one);
  while (!one.refusal && !one.file->is_verified()) {
    auto const before = one.file->received();
    co_await verify(one);
    bool const lacks_data = one.file->received() == before && !one.file->is_verified();
    if (lacks_data && !one.refusal) co_await wait_for_data(one);
  }
  while (one.is_receiving) co_await wait_for_data(one);
  if (one.refusal) co_return *one.refusal;
  co_return co_await inbox_.finish(*one.file, reading_);
}

task<> upload_session::ask_for_data(upload& one) {
  auto const turn = co_await sending_.lock();
  if (one.refusal) co_return;
  want const answer{one.what.id, one.file->received()};
  rules_.sent(answer);
  update_data_due();
  co_await send_in_turn(answer);
}

task<> upload_session::verify(upload& one) {
  try {
    co_await one.checking.run(one.file->verify());
  } catch (error const& e) {
    one.refuse(refusal_of(e.code()));
  }
}

task<> upload_session::wait_for_data(upload& one) {
  one.is_waiting = true;
  co_await one.has_changed.wait();
  one.has_changed.reset();
  one.is_waiting = false;
}

/// Receives the bytes that follow a `data` message.
task<> upload_session::receive(data what) {
  std::uint64_t taken = 0;
  auto const action = rules_.received(what);
  data_.announced = what.count;
  data_.buffered = in_.buffered().size();
  data_.read_before = client_.bytes_read();
  update_data_due();
  auto const found = open_.find(what.id);
  if (action == upload_rules::data_action::store && found != open_.end() && found->second->file &&
      !found->second->refusal) {
    auto& one = *found->second;
    one.is_receiving = true;
    taken = co_await store(one, what);
    one.is_receiving = false;
    one.has_changed.set();
  }
  co_await skip(what.count - taken);
  data_.complete += what.count;
  data_.announced = 0;
  if (action == upload_rules::data_action::store && rules_.missing(what.id) == 0) rate_.completed_file();
}

/// Writes the bytes to the part; returns how many were read from the connection.
task<std::uint64_t> upload_session::store(upload& one, data what) {
  std::uint64_t taken = what.count;
  auto const block = [&]() -> task<> {
    try {
      co_await receive_file(in_, one.file->contents(), what.offset, what.count);
      one.file->add(what.count);
    } catch (canceled const& c) {
      taken = c.transferred();
      one.file->add(taken);
      throw;
    } catch (file_write_failed const& e) {
      taken = e.received();
      one.file->add(e.transferred());
      one.refuse(refusal_of(e.code()));
    } catch (error const& e) {
      one.file->add(e.transferred());
      throw;
    }
  };
  co_await one.receiving.run(block);
  co_return taken;
}

task<> upload_session::skip(std::uint64_t count) {
  while (count != 0) {
    auto const bytes = co_await in_.peek();
    if (bytes.empty()) throw protocol_error("the connection ended in the middle of a file");
    auto const size = std::min<std::uint64_t>(count, bytes.size());
    in_.consume(size);
    count -= size;
  }
}

/// Sends `alive` while the server works, so that the client does not time out while a large file is read.
task<> upload_session::send_alive() {
  for (;;) {
    co_await sleep_for(alive_interval);
    bool const is_at_work =
        std::any_of(open_.begin(), open_.end(), [](auto const& each) { return !each.second->is_waiting; });
    if (!is_at_work) continue;
    alive const sign;
    co_await send(sign);
  }
}

/// Sends a failure, and closes the connection such that the client can read it.
task<> upload_session::send_failure(std::string text) {
  failure const last{std::move(text)};
  try {
    co_await timeout(std::chrono::seconds(1), send(last));
    co_await lingering_close(client_, std::chrono::seconds(1));
  } catch (error const&) {}  // the connection itself has failed
}

/// Throws `timed_out` if the client sends requested data too slowly.
task<> upload_session::watch_rate() {
  if (limits_.min_rate == 0) co_return;
  auto const step = std::clamp<std::chrono::nanoseconds>(limits_.client_timeout / 8, std::chrono::milliseconds(10),
                                                         std::chrono::seconds(1));
  for (auto before = data_bytes();;) {
    co_await sleep_for(step);
    auto const after = data_bytes();
    rate_.delivered(after - before);
    before = after;
    if (has_unread(client_)) rate_.skip_until(std::chrono::steady_clock::now());
    update_data_due();
    if (rate_.is_too_slow())
      throw timed_out(fmt::format("read from {}: requested data arrives more slowly than {} bytes per second",
                                  client_.remote_endpoint(), limits_.min_rate));
  }
}

/// The bytes of a `data` message are due even if they are no longer wanted: the next message arrives only after them.
void upload_session::update_data_due() {
  rate_.set_data_due(rules_.is_data_due() || data_.announced != 0, std::chrono::steady_clock::now());
}

/// Returns how many bytes of files have arrived, not counting messages.
std::uint64_t upload_session::data_bytes() const noexcept {
  if (data_.announced == 0) return data_.complete;
  auto const arrived = data_.buffered + client_.bytes_read() - data_.read_before;
  return data_.complete + std::min(arrived, data_.announced);
}

template <class Message>
task<> upload_session::send(Message const& message) {
  auto const turn = co_await sending_.lock();
  co_await send_in_turn(message);
}

/// The caller must hold `sending_`.
template <class Message>
task<> upload_session::send_in_turn(Message const& message) {
  auto const bytes = encoded(message);
  frame_writer messages(out_, framing);
  co_await messages.write(bytes);
  co_await out_.flush();
}

}  // namespace samples::upload
