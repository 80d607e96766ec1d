// The part of `serve` that depends on the types of listeners and handlers.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "strait/core/sleep.hpp"
#include "strait/core/task.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/timeout.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/io/lingering_close.hpp"
#include "strait/net/local.hpp"
#include "strait/net/tcp.hpp"
#include "strait/server/detail/serving.hpp"

namespace strait::detail {

template <class L>
inline constexpr bool is_listener = std::derived_from<L, socket_listener>;
template <class L>
inline constexpr bool are_listeners = is_listener<L>;
template <class L, class A>
inline constexpr bool are_listeners<std::vector<L, A>> = is_listener<L>;
template <class... L>
inline constexpr bool are_listeners<std::tuple<L...>> = (is_listener<L> && ...);

template <class L>
concept listeners = are_listeners<L>;

template <class Listeners, class F>
void for_each_listener(Listeners& all, F const& f) {
  if constexpr (is_listener<Listeners>) f(all);
  else if constexpr (requires { all.begin(); })
    for (auto& each : all) f(each);
  else std::apply([&](auto&... each) { (f(each), ...); }, all);
}

/// Awaits the tasks that `f` returns for each of the listeners, concurrently.
template <class Listeners, class F>
task<> for_all_listeners(Listeners& all, F f) {
  if constexpr (is_listener<Listeners>) {
    co_await f(all);
  } else {
    auto const side_by_side = [&](task_group& group) -> task<> {
      for_each_listener(all, [&](auto& each) { group.spawn(f(each)); });
      co_return;
    };
    co_await with_task_group(side_by_side);
  }
}

template <class Listener>
using stream_of = await_result_t<decltype(std::declval<Listener&>().accept())>;

// The three kinds of handlers, in order of precedence.
template <class Handler, class Stream>
concept takes_reference = makes_task<Handler, Stream&>;
template <class Handler, class Stream>
concept takes_value = makes_task<Handler, Stream>;
template <class Handler, class Stream>
concept takes_reader_and_writer = makes_task<Handler, buffered_reader<Stream>&, buffered_writer<Stream>&>;

template <class Handler, class Stream>
inline constexpr bool handles =
    takes_reference<Handler, Stream> || takes_value<Handler, Stream> || takes_reader_and_writer<Handler, Stream>;

template <class Handler, class L>
inline constexpr bool handles_all = handles<Handler, stream_of<L>>;
template <class Handler, class L, class A>
inline constexpr bool handles_all<Handler, std::vector<L, A>> = handles<Handler, stream_of<L>>;
template <class Handler, class... L>
inline constexpr bool handles_all<Handler, std::tuple<L...>> = (handles<Handler, stream_of<L>> && ...);

template <class Listeners, class Handler>
constexpr void check_handler() {
  static_assert(handles_all<Handler, Listeners>,
                "strait: serve takes a handler [](tcp::stream& peer) -> task<> { … }, or one that takes the stream by "
                "value, or a buffered_reader<tcp::stream>& and a buffered_writer<tcp::stream>&; with listeners of "
                "several kinds, one that takes the streams of each");
}

/// Serves one connection. Throws nothing, so that a failing connection does not end `serve`.
///
/// What the handler has written is sent even if the handler throws then: it may be an error reply.
template <class Stream, class Handler>
task<> run_connection(admission admitted, Stream stream, Handler& handler) {
  connection self(admitted, co_await this_branch{});
  std::exception_ptr failure;
  try {
    self.begin(stream);
    if constexpr (takes_reference<Handler, Stream>) {
      co_await handler(stream);
    } else if constexpr (takes_value<Handler, Stream>) {
      co_await handler(std::move(stream));
    } else {
      buffered_reader<Stream> in(stream);
      buffered_writer<Stream> out(stream);
      in.tie(out);
      try {
        co_await handler(in, out);
      } catch (...) {
        failure = std::current_exception();
      }
      if (!failure) co_await out.flush();
      else co_await timeout(self.linger_time_after(failure), out.flush());
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
template <class Stream, class Handler>
void begin_connection(admission admitted, Stream& stream, Handler& handler, task_group& connections) noexcept {
  peer const who = admitted.who();
  serving& here = admitted.by();
  try {
    connections.spawn(run_connection(std::move(admitted), std::move(stream), handler));
  } catch (...) {  // out of memory
    here.could_not_begin(who);
  }
}

/// Accepts one connection, when there is a free slot, and starts it.
template <class Listener, class Handler>
task<> accept_one(serving& here, Listener& listener, Handler& handler, task_group& connections) {
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

/// How long to wait before retrying when memory is exhausted; the same as the first back-off of `accept`.
inline constexpr std::chrono::milliseconds out_of_memory_delay{5};

/// Accepts until it is canceled. Throws only errors that further attempts cannot be expected to overcome.
template <class Listener, class Handler>
task<> accept_from(serving& here, Listener& listener, Handler& handler, task_group& connections) {
  here.watch(listener);
  for (;;) {
    try {
      co_await accept_one(here, listener, handler, connections);
      continue;
    } catch (std::bad_alloc const&) {
      here.out_of_memory();
    }
    co_await sleep_for(out_of_memory_delay);
  }
}

/// Accepts the connections that are waiting in the backlog at shutdown, which would be reset otherwise.
template <class Listener, class Handler>
task<> accept_backlog(serving& here, Listener& listener, Handler& handler, task_group& connections) {
  constexpr int most = 4096;  // the size of a full backlog: this must end, however fast new clients arrive
  for (int i = 0; i != most && here.has_room(); ++i) {
    try {
      auto stream = co_await timeout(std::chrono::nanoseconds(0), listener.accept());
      peer const who(stream);
      here.take_room_beyond_limit();  // at most one over the limit, if another loop has taken the slot
      if (here.admits(who, true)) begin_connection(admission(here, who), stream, handler, connections);
    } catch (std::bad_alloc const&) {
      here.out_of_memory();
    } catch (std::exception const&) {
      co_return;  // no client is waiting, or file descriptors are exhausted
    }
  }
}

}  // namespace strait::detail
