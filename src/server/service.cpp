// Accepts and serves connections, on each kind of listener.
#include "strait/server/detail/handlers.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "server/server_core.hpp"
#include "server/serving.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/timeout.hpp"
#include "strait/io/lingering_close.hpp"
#include "strait/server/server.hpp"

namespace strait::detail {
namespace {

/// How long to wait before retrying when memory is exhausted; the same as the first back-off of `accept`.
constexpr std::chrono::milliseconds out_of_memory_delay{5};

/// Serves one connection. Throws nothing, so that a failing connection does not end `serve`.
///
/// What the handler has written is sent even if the handler throws then: it may be an error reply.
template <bool has_buffers, class Stream>
task<> run_connection(admission admitted, Stream stream, stream_handler<Stream> const& handler) {
  connection self(admitted, co_await this_branch{});
  std::exception_ptr failure;
  try {
    self.begin(stream);
    if constexpr (has_buffers) {
      buffered_reader<Stream> in(stream);
      buffered_writer<Stream> out(stream);
      in.tie(out);
      try {
        co_await handler.call_with_buffers(handler.handler, in, out);
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) co_await out.flush();
      else co_await timeout(self.linger_time_after(failure), out.flush());
    } else {
      co_await handler.call_with_stream(handler.handler, stream);
    }
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  auto const patience = self.linger_time_after(failure);
  if (failure) self.failed(failure);
  try {
    if (self.is_to_linger(stream)) co_await lingering_close(stream, patience);
  } catch (...) {
    // There is nothing more to be done for the peer: the connection is closed anyway.
  }
  if (!failure) self.served();
}

/// Starts the connection of `stream`, for which a slot has been reserved.
template <class Stream>
void begin_connection(admission admitted, Stream& stream, stream_handler<Stream> const& handler,
                      task_group& connections) noexcept {
  peer const who = admitted.who();
  serving& here = admitted.by();
  auto const run = handler.call_with_buffers ? &run_connection<true, Stream> : &run_connection<false, Stream>;
  try {
    connections.spawn(run(std::move(admitted), std::move(stream), handler));
  } catch (...) {  // out of memory
    here.could_not_begin(who);
  }
}

/// Accepts one connection, when there is a free slot, and starts it.
template <class Listener, class Stream>
task<> accept_one(serving& here, Listener& listener, stream_handler<Stream> const& handler, task_group& connections) {
  bool const waits = here.options().when_full == overload::wait;
  if (waits && !here.has_room()) {
    serving::room_watch const watch(here);
    while (!here.has_room()) co_await here.room_changes();
  }
  auto stream = co_await listener.accept();
  peer const who(stream);
  bool has_room = here.take_room();
  if (!has_room && waits) {  // another loop has taken the slot
    has_room = true;
    try {
      serving::room_watch const watch(here);
      while (!here.take_room()) co_await here.room_changes();
    } catch (canceled const&) {
      here.take_room_beyond_limit();  // the client is connected: the shutdown of the server must not reset it
    }
  }
  if (here.admits(who, has_room)) begin_connection(admission(here, who), stream, handler, connections);
}

/// One listener of a service, without its type.
class served_listener {
 public:
  served_listener() = default;
  served_listener(served_listener const&) = delete;
  served_listener& operator=(served_listener const&) = delete;
  virtual ~served_listener() = default;

  /// Accepts until it is canceled. Throws only errors that further attempts cannot be expected to overcome.
  virtual task<> accept(serving& here, task_group& connections) = 0;
  /// Accepts the connections that are waiting in the backlog at shutdown, which would be reset otherwise.
  virtual task<> accept_backlog(serving& here, task_group& connections) = 0;
  virtual void close() noexcept = 0;
};

template <class Listener>
class served_listener_of final : public served_listener {
 public:
  served_listener_of(Listener& listener, stream_handler<stream_of<Listener>> const& handler)
      : listener_(listener), handler_(handler) {}

  task<> accept(serving& here, task_group& connections) override {
    here.watch(listener_);
    for (;;) {
      try {
        co_await accept_one(here, listener_, handler_, connections);
        continue;
      } catch (std::bad_alloc const&) {
        here.out_of_memory();
      }
      co_await sleep_for(out_of_memory_delay);
    }
  }

  task<> accept_backlog(serving& here, task_group& connections) override {
    constexpr int most = 4096;  // the size of a full backlog: this must end, however fast new clients arrive
    for (int i = 0; i != most && here.has_room(); ++i) {
      try {
        auto stream = co_await timeout(std::chrono::nanoseconds(0), listener_.accept());
        peer const who(stream);
        here.take_room_beyond_limit();  // at most one over the limit, if another loop has taken the slot
        if (here.admits(who, true)) begin_connection(admission(here, who), stream, handler_, connections);
      } catch (std::bad_alloc const&) {
        here.out_of_memory();
      } catch (std::exception const&) {
        co_return;  // no client is waiting, or file descriptors are exhausted
      }
    }
  }

  void close() noexcept override { listener_.close(); }

 private:
  Listener& listener_;
  stream_handler<stream_of<Listener>> const handler_;
};

using served_listeners = std::vector<std::unique_ptr<served_listener>>;

/// Awaits the tasks that `f` returns for each of the listeners, concurrently.
template <class F>
task<> for_all(served_listeners const& all, F f) {
  if (all.size() == 1) {
    co_await f(*all.front());
    co_return;
  }
  auto const side_by_side = [&](task_group& group) -> task<> {
    for (auto const& each : all) group.spawn(f(*each));
    co_return;
  };
  co_await with_task_group(side_by_side);
}

}  // namespace

struct service::state {
  served_listeners listeners;
};

service::service() : state_(new state) {}
service::~service() = default;

void service::add(tcp::listener& listener, stream_handler<tcp::stream> const& handler) {
  state_->listeners.push_back(std::make_unique<served_listener_of<tcp::listener>>(listener, handler));
}
void service::add(local::listener& listener, stream_handler<local::stream> const& handler) {
  state_->listeners.push_back(std::make_unique<served_listener_of<local::listener>>(listener, handler));
}

task<server_statistics> service::run(server& with) {
  serving here(*with.core_, co_await this_branch{});
  auto const& listeners = state_->listeners;

  auto const body = [&](task_group& connections) -> task<> {
    auto const accept = [&](served_listener& each) { return each.accept(here, connections); };
    auto const accept_the_rest = [&](served_listener& each) { return each.accept_backlog(here, connections); };
    task<> draining = here.drain();  // created now: at shutdown, memory might be exhausted
    co_await here.run_until_stopped(for_all(listeners, accept));
    // The cancellation of the server has taken effect; draining must not be canceled. (Not by `shield`, which
    // allocates.)
    scope ending;
    scoped_entry const entry(co_await this_branch{}, ending, true);
    constexpr int max_tries = 100;
    for (int i = 0; i != max_tries; ++i) {
      try {
        co_await for_all(listeners, accept_the_rest);
        break;
      } catch (std::exception const&) {
        here.out_of_memory();
      }
      co_await sleep_for(out_of_memory_delay);
    }
    for (auto const& each : listeners) each->close();
    co_await std::move(draining);
  };
  auto const nothing_escapes = [](std::exception_ptr) {};  // each connection has reported its own failure
  co_await with_task_group(nothing_escapes, body);
  co_return here.finish();
}

}  // namespace strait::detail
