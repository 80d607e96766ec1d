// One loop of a server: slots, shutdown, counters, and events.
#include "server/serving.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/standard_streams.hpp"
#include "core/loop.hpp"
#include "server/server_core.hpp"
#include "strait/core/task_group.hpp"
#include "strait/net/detail/stream_end.hpp"

namespace strait::detail {

struct serving::shared_state {
  std::atomic<bool> is_woken = false;
  std::mutex connections_mutex;  // for the list and the byte counts of connections that have ended
};

serving::serving(server_core& server, branch& where) : shared_(new shared_state), server_(server), loop_(where.core()) {
  server_.add(*this);
  if (server_.is_stopping()) accepting_.cancel();
}

serving::~serving() {
  server_.remove(*this);  // from here on, no other thread wakes it
  forget(loop_, *this);
}

serve_options const& serving::options() const noexcept { return server_.options(); }

void serving::watch(socket_listener& listener) noexcept { back_off_counting::count(listener, &counts_.back_offs); }

bool serving::admits(peer const& who, bool has_room) noexcept {
  counts_.accepted.add(1);
  char const* refusal = nullptr;
  try {
    auto const& limits = options();
    if (!has_room) {
      refusal = "too many connections";
    } else if (limits.on_connect && !limits.on_connect(who)) {
      refusal = "on_connect returned false";
    } else if (limits.max_connections_per_peer != 0 && !server_.peers().add(who, limits.max_connections_per_peer)) {
      refusal = "too many connections from this peer";
    }
  } catch (...) {
    report(who, std::current_exception());
    refusal = "the on_connect hook threw";
  }
  if (!refusal) return true;
  if (has_room) give_room_back();
  counts_.rejected.add(1);
  server_event what{server_event::kind::rejected, &who};
  what.connections = present_;
  what.reason = refusal;
  notify(what);
  return false;
}

bool serving::has_room() const noexcept { return server_.has_room(); }

bool serving::take_room() noexcept {
  if (!server_.take_room()) return false;
  ++present_;
  return true;
}

void serving::take_room_beyond_limit() noexcept {
  server_.take_room_beyond_limit();
  ++present_;
}

serving::room_watch::room_watch(serving& of) noexcept : server_(of.server_) { server_.waits(true); }
serving::room_watch::~room_watch() { server_.waits(false); }

void serving::give_room_back() noexcept {
  server_.give_room_back();
  if (--present_ == 0) empty_.set();
}

void serving::left(peer const& who) noexcept {
  if (options().max_connections_per_peer != 0) server_.peers().remove(who);
  give_room_back();
}

void serving::could_not_begin(peer const& who) noexcept {
  server_event what{server_event::kind::failed, &who};
  what.connections = present_;
  what.failure = std::current_exception();
  counts_.failed.add(1);
  notify(what);
  report(who, std::move(what.failure));
}

void serving::wake() noexcept {
  if (!shared_->is_woken.exchange(true)) loop_of(loop_).post(*this);
}

void serving::run_work() noexcept {
  shared_->is_woken = false;
  room_.set();
  if (server_.is_stopping()) accepting_.cancel();
}

task<> serving::run_until_stopped(task<> accepting) {
  scoped_entry const entry(co_await this_branch{}, accepting_);
  try {
    co_await std::move(accepting);
  } catch (canceled const&) {
  } catch (...) {
    failure_ = std::current_exception();
  }
}

task<> serving::drain() {
  is_draining_ = true;
  empty_.reset();
  auto const began = clock::now();
  server_event what{server_event::kind::draining};
  what.connections = present_;
  notify(what);
  try {
    if (options().on_drain) options().on_drain();
  } catch (...) {
    print_failure(std::current_exception());
  }

  drain_limit limit(*this);
  limit.set(loop_, deadline_after(options().drain));
  if (present_ != 0) co_await empty_.wait();
  what.type = server_event::kind::drained;
  what.connections = 0;
  what.duration = clock::now() - began;
  notify(what);
}

void serving::cut_off() noexcept {
  is_out_of_time_ = true;
  for (auto* each = connections_.front(); each; each = connections_.next(*each)) each->cancel(connection::cause::drain);
}

server_statistics serving::finish() {
  if (failure_) std::rethrow_exception(failure_);
  server_statistics result;
  add_to(result);
  return result;
}

void serving::notify(server_event const& what) const noexcept {
  if (!options().on_event) return;
  try {
    options().on_event(what);
  } catch (...) {
    print_failure(std::current_exception());
  }
}

void serving::report(peer const& who, std::exception_ptr failure) const noexcept {
  try {
    if (options().on_error) {
      options().on_error(who, std::move(failure));
    } else {
      print_line(fmt::format("{}: {}", who, describe(failure)));
    }
  } catch (...) {
    print_failure(std::current_exception());
  }
}

void serving_counts::add_to(server_statistics& total) const noexcept {
  // A connection is first counted as accepted and later by its outcome, so the counters are read in the opposite order.
  server_statistics here;
  here.rejected = rejected.get();
  here.served = served.get();
  here.failed = failed.get();
  here.timed_out = timed_out.get();
  here.aborted = aborted.get();
  here.drained = drained.get();
  here.accepted = accepted.get();
  here.active = here.accepted - here.rejected - here.served - here.failed - here.timed_out - here.aborted;
  here.accept_back_offs = back_offs.get();
  total += here;
}

void serving::add_to(server_statistics& total) const {
  counts_.add_to(total);
  std::lock_guard const lock(shared_->connections_mutex);
  total.bytes_received += past_received_;
  total.bytes_sent += past_sent_;
  for (auto* each = connections_.front(); each; each = connections_.next(*each)) {
    total.bytes_received += each->traffic_.received();
    total.bytes_sent += each->traffic_.sent();
  }
}

connection::connection(admission const& of, branch& where)
    : serving_(of.by()), who_(of.who()), since_(clock::now()), entry_(where, scope_, true) {
  {
    std::lock_guard const lock(serving_.shared_->connections_mutex);
    serving_.connections_.push_back(*this);
  }
  if (serving_.is_out_of_time_) cancel(cause::drain);
}

connection::~connection() {
  std::lock_guard const lock(serving_.shared_->connections_mutex);
  serving_.past_received_ += traffic_.received();
  serving_.past_sent_ += traffic_.sent();
  unlink();
}

void connection::begin(socket_stream& stream) {
  auto const& limits = serving_.options();
  traffic_.attach(stream);
  if (limits.idle_timeout.count() != 0) stream.idle_timeout(limits.idle_timeout);
  if (limits.write_timeout.count() != 0) stream.write_timeout(limits.write_timeout);
  if (limits.minimum_receive_rate != 0)
    stream.minimum_receive_rate(limits.minimum_receive_rate, limits.receive_rate_window);
  if (limits.connection_timeout.count() > 0) set(serving_.loop_, deadline_after(limits.connection_timeout));
  serving_.notify(event_of(server_event::kind::accepted));
}

// If a socket is closed with unread data, or before the peer has ended its output, the kernel resets the connection,
// and the peer may lose data that it has not read.
bool connection::is_to_linger(socket_stream const& stream) const noexcept {
  return serving_.options().linger.count() != 0 && stream.is_open() && !is_at_end(stream);
}

void connection::cancel(cause why) noexcept {
  if (canceled_by_ == cause::none) canceled_by_ = why;
  scope_.cancel();
}

server_event connection::event_of(server_event::kind what) const noexcept {
  server_event event{what, &who_};
  event.bytes_received = traffic_.received();
  event.bytes_sent = traffic_.sent();
  event.duration = clock::now() - since_;
  event.connections = serving_.present_;
  return event;
}

std::chrono::nanoseconds connection::linger_time_after(std::exception_ptr const& failure) noexcept {
  reset();
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (timed_out const&) {  // the time limit applies to its output, too
    return std::chrono::nanoseconds(0);
  } catch (...) {}
  return serving_.options().linger;
}

void connection::served() noexcept { ended(server_event::kind::served, serving_.counts_.served); }

std::exception_ptr connection::timed_out_failure() const noexcept {
  try {
    double const seconds = std::chrono::duration<double>(serving_.options().connection_timeout).count();
    return std::make_exception_ptr(timed_out(fmt::format("serve {} within {:.3g} s", who_, seconds)));
  } catch (...) {  // out of memory
    return std::current_exception();
  }
}

void connection::failed(std::exception_ptr const& failure) noexcept {
  auto& counts = serving_.counts_;
  try {
    std::rethrow_exception(failure);
  } catch (canceled const&) {
    if (canceled_by_ == cause::drain) return ended(server_event::kind::aborted, counts.aborted);
    if (canceled_by_ == cause::deadline)
      return ended(server_event::kind::timed_out, counts.timed_out, timed_out_failure());
  } catch (timed_out const&) {
    return ended(server_event::kind::timed_out, counts.timed_out, failure);
  } catch (...) {}
  ended(server_event::kind::failed, counts.failed, failure);
}

void connection::ended(server_event::kind what, counter& count, std::exception_ptr failure) noexcept {
  reset();
  count.add(1);
  if (serving_.is_draining_ && what != server_event::kind::aborted) serving_.counts_.drained.add(1);
  if (serving_.options().on_event) {
    auto event = event_of(what);
    event.failure = failure;
    serving_.notify(event);
  }
  if (failure) serving_.report(who_, std::move(failure));
}

}  // namespace strait::detail
