// What `serve` does with listeners and handlers, whatever their types.
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

/// Awaits the tasks that `f` makes for each of them, side by side.
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

// The three kinds of handlers, in the order in which they are looked for.
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

/// A connection from its first byte to its last. Throws nothing: `serve` is not to end with it.
///
/// What a handler has written is to reach the peer, also if it throws then: an answer to what it has thrown for, say.
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
      else co_await timeout(self.patience_after(failure), out.flush());
    }
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  auto const patience = self.patience_after(failure);
  if (failure) self.failed(failure);
  try {
    if (self.is_to_linger(stream)) co_await lingering_close(stream, patience);
  } catch (...) {
    // There is nothing more to be done for the peer.
  }
  if (!failure) self.served();
}

/// Takes room for `stream` and begins its connection.
template <class Stream, class Handler>
void begin_connection(admission admitted, Stream& stream, Handler& handler, task_group& connections) noexcept {
  peer const who = admitted.who();
  serving& here = admitted.by();
  try {
    connections.spawn(run_connection(std::move(admitted), std::move(stream), handler));
  } catch (...) {  // for want of memory
    here.could_not_begin(who);
  }
}

/// Accepts one connection, when there is room, and begins it.
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
  if (!has_room && waits) {  // another loop has been faster
    has_room = true;
    try {
      serving::room_watch const watch(here);
      while (!here.take_room()) co_await here.room_changes();
    } catch (canceled const&) {
      here.take_room_anyway();  // they are connected: the end of the server is not to be theirs
    }
  }
  if (here.admits(who, has_room)) begin_connection(admission(here, who), stream, handler, connections);
}

/// How long to wait for memory before the next try: as long as an accept does that has met with the like.
inline constexpr std::chrono::milliseconds lack_of_memory{5};

/// Goes on until it is canceled; throws only what no other accept can be expected to mend.
template <class Listener, class Handler>
task<> accept_from(serving& here, Listener& listener, Handler& handler, task_group& connections) {
  here.watch(listener);
  for (;;) {
    try {
      co_await accept_one(here, listener, handler, connections);
      continue;
    } catch (std::bad_alloc const&) {
      here.lacks_memory();
    }
    co_await sleep_for(lack_of_memory);
  }
}

/// Those who have connected before the end, and wait in the backlog, would be reset.
template <class Listener, class Handler>
task<> accept_what_waits(serving& here, Listener& listener, Handler& handler, task_group& connections) {
  constexpr int most = 4096;  // as many as a backlog holds: there must be an end, however fast others come
  for (int i = 0; i != most && here.has_room(); ++i) {
    try {
      auto stream = co_await timeout(std::chrono::nanoseconds(0), listener.accept());
      peer const who(stream);
      here.take_room_anyway();  // no more than one over, if another loop has been faster
      if (here.admits(who, true)) begin_connection(admission(here, who), stream, handler, connections);
    } catch (std::bad_alloc const&) {
      here.lacks_memory();
    } catch (std::exception const&) {
      co_return;  // no client waits any more, or there are no descriptors for them
    }
  }
}

}  // namespace strait::detail
