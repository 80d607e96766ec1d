#include "server/upload_session.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <fmt/format.h>

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::uint16_t window = 32;
constexpr std::uint32_t data_limit = 8 * 1024 * 1024;
constexpr auto rate_window = std::chrono::seconds(30);

}  // namespace

upload_session::upload_session(tcp::stream& client, inbox& into, std::uint64_t min_rate, verdict_listener on_verdict)
    : client_(client),
      inbox_(into),
      min_rate_(min_rate),
      on_verdict_(std::move(on_verdict)),
      in_(client),
      out_(client),
      rules_(window, data_limit) {}

void upload_session::upload::refuse(decision why) {
  if (!refusal) refusal = std::move(why);
  receiving.cancel();
  has_changed.set();
}

task<> upload_session::run() {
  std::exception_ptr failure;
  std::string reason;
  try {
    co_await converse();
    co_return;
  } catch (canceled const&) {
    failure = std::current_exception();
    reason = fmt::format("{}; what has come is kept", server_ends);
  } catch (std::exception const& e) {
    failure = std::current_exception();
    reason = e.what();
  }
  if (is_greeted_) co_await shield(say_failure(std::move(reason)));
  std::rethrow_exception(failure);
}

task<> upload_session::converse() {
  co_await greet();
  auto const all = [this](task_group& background) -> task<> {
    background.spawn(say_alive());
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
    if (begin.substr(0, known) != greeting.substr(0, known)) throw protocol_error("this is not the upload protocol");
  }
  in_.consume(greeting.size());
  is_greeted_ = true;
  co_await out_.write(greeting);  // goes with the first message
  frame_reader messages(in_, framing);
  auto const message = co_await messages.read();
  if (!message) throw protocol_error("the connection ended in the middle of the hello");
  auto const hello = decode_from_client(*message);
  if (!std::holds_alternative<hello_of_client>(hello)) throw protocol_error("the first message is no hello");
  if (std::get<hello_of_client>(hello).version < version)
    throw protocol_error(
        fmt::format("hello: this server does not speak version {}", std::get<hello_of_client>(hello).version));
  rules_.came(std::get<hello_of_client>(hello));
  hello_of_server const answer{version, window, data_limit, inbox_.rules().max_file_size};
  co_await send(answer);
}

/// Until the client has ended what it has to say.
task<> upload_session::listen(task_group& uploads) {
  frame_reader messages(in_, framing);
  while (auto const bytes = co_await messages.read()) {
    auto message = decode_from_client(*bytes);
    if (auto* const what = std::get_if<offer>(&message)) {
      rules_.came(*what);
      auto& one = uploads_[what->id];
      one.what = std::move(*what);
      uploads.spawn(take_in(one));
    } else if (auto const* const part = std::get_if<data>(&message)) {
      co_await receive(*part);
    } else if (auto const* const gone = std::get_if<withdraw>(&message)) {
      rules_.came(*gone);
      auto const found = uploads_.find(gone->id);
      if (found != uploads_.end()) found->second.refuse({verdict_code::cannot_store, "the client has withdrawn it"});
    } else if (auto const* const last = std::get_if<end>(&message)) {
      rules_.came(*last);
      co_return;
    } else if (auto const* const again = std::get_if<hello_of_client>(&message)) {
      rules_.came(*again);
    } else {
      rules_.came(std::get<alive>(message));
    }
    watch_rate();
  }
  uploads.cancel();  // it has gone without an end
}

/// From an offer to its verdict.
task<> upload_session::take_in(upload& one) {
  auto const verdict_given = co_await decide(one);
  one.file.reset();
  auto const what = std::move(one.what);
  bool const is_withdrawn = !rules_.is_open(what.id);
  uploads_.erase(what.id);
  if (is_withdrawn) co_return;
  verdict const answer{what.id, verdict_given.code, verdict_given.text};
  rules_.sent(answer);
  watch_rate();
  on_verdict_(what, verdict_given);
  co_await send(answer);
}

task<decision> upload_session::decide(upload& one) {
  auto const on_takeover = [&one] { one.refuse({verdict_code::taken_over, "another connection goes on with it"}); };
  auto found = co_await inbox_.consider(one.what, on_takeover);
  if (auto* const refusal = std::get_if<decision>(&found)) co_return std::move(*refusal);

  one.file = std::move(std::get<std::unique_ptr<incoming>>(found));
  want const answer{one.what.id, one.file->received()};
  rules_.sent(answer);
  watch_rate();
  co_await send(answer);
  while (!one.refusal && !one.file->is_verified()) {
    auto const before = one.file->received();
    co_await verify(one);
    bool const lacks_data = one.file->received() == before && !one.file->is_verified();
    if (lacks_data && !one.refusal) co_await wait_for_data(one);
  }
  while (one.is_receiving) co_await wait_for_data(one);
  if (one.refusal) co_return std::move(*one.refusal);
  co_return co_await inbox_.keep(*one.file);
}

task<> upload_session::verify(upload& one) {
  try {
    co_await one.file->verify();
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

/// The bytes that follow a `data`.
task<> upload_session::receive(data what) {
  std::uint64_t taken = 0;
  auto const use = rules_.came(what);
  auto const found = uploads_.find(what.id);
  if (use == upload_rules::use::store && found != uploads_.end() && !found->second.refusal) {
    auto& one = found->second;
    one.is_receiving = true;
    taken = co_await store(one, what);
    one.is_receiving = false;
    one.has_changed.set();
  }
  co_await skip(what.count - taken);
}

/// Gives how many bytes the connection has given.
task<std::uint64_t> upload_session::store(upload& one, data what) {
  std::uint64_t taken = what.count;
  auto const block = [&]() -> task<> {
    try {
      co_await receive_file(in_, one.file->part(), what.offset, what.count);
      one.file->add(what.count);
    } catch (canceled const& c) {
      taken = c.transferred();
      one.file->add(taken);
      throw;
    } catch (file_write_failed const& e) {
      taken = e.taken();
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

/// So that nobody takes the time that a large file takes for a broken line.
task<> upload_session::say_alive() {
  for (;;) {
    co_await sleep_for(between_signs_of_life);
    bool const is_at_work =
        std::any_of(uploads_.begin(), uploads_.end(), [](auto const& each) { return !each.second.is_waiting; });
    if (!is_at_work) continue;
    alive const sign;
    co_await send(sign);
  }
}

/// And closes, so that the client can read it.
task<> upload_session::say_failure(std::string text) {
  failure const last{std::move(text)};
  try {
    co_await timeout(std::chrono::seconds(1), send(last));
    co_await lingering_close(client_, std::chrono::seconds(1));
  } catch (error const&) {}  // the connection is what has failed
}

/// While the client owes data it must not be too slow.
void upload_session::watch_rate() {
  if (min_rate_ == 0 || rules_.is_data_due() == is_rate_watched_) return;
  is_rate_watched_ = rules_.is_data_due();
  client_.minimum_receive_rate(is_rate_watched_ ? min_rate_ : 0, rate_window);
}

template <class Message>
task<> upload_session::send(Message const& message) {
  auto const bytes = encoded(message);
  auto const guard = co_await sending_.lock();
  frame_writer messages(out_, framing);
  co_await messages.write(bytes);
  co_await out_.flush();
}

}  // namespace samples::upload
