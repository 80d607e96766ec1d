// The part of `serve` that depends on the types of listeners and handlers.
#pragma once

#include <concepts>
#include <tuple>
#include <utility>
#include <vector>

#include "strait/base/detail/owned.hpp"
#include "strait/base/export.hpp"
#include "strait/core/task.hpp"
#include "strait/io/buffered_reader.hpp"
#include "strait/io/buffered_writer.hpp"
#include "strait/net/local.hpp"
#include "strait/net/socket_listener.hpp"
#include "strait/net/tcp.hpp"
#include "strait/server/server_statistics.hpp"

namespace strait {

class server;

}  // namespace strait

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
concept handles =
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

/// Awaits a task whose value is of no use.
template <class Task>
task<> ignore_value(Task what) {
  co_await std::move(what);
}
inline task<> ignore_value(task<> what) noexcept { return what; }

/// A handler without its type, so that what accepts and serves connections is compiled once, in the library.
template <class Stream>
struct stream_handler {
  void* handler;
  // One of the two is null.
  task<> (*call_with_stream)(void* handler, Stream& stream);
  task<> (*call_with_buffers)(void* handler, buffered_reader<Stream>& in, buffered_writer<Stream>& out);
};

template <class Stream, class Handler>
task<> call_with_stream(void* handler, Stream& stream) {
  auto& call = *static_cast<Handler*>(handler);
  if constexpr (takes_reference<Handler, Stream>) return ignore_value(call(stream));
  else return ignore_value(call(std::move(stream)));
}
template <class Stream, class Handler>
task<> call_with_buffers(void* handler, buffered_reader<Stream>& in, buffered_writer<Stream>& out) {
  return ignore_value((*static_cast<Handler*>(handler))(in, out));
}

template <class Stream, class Handler>
stream_handler<Stream> stream_handler_of(Handler& handler) noexcept {
  if constexpr (takes_reference<Handler, Stream> || takes_value<Handler, Stream>)
    return {&handler, &call_with_stream<Stream, Handler>, nullptr};
  else return {&handler, nullptr, &call_with_buffers<Stream, Handler>};
}

/// The listeners of one `serve`, and the handlers of their connections. Both must outlive it.
class STRAIT_API service {
 public:
  template <class Listeners, class Handler>
  service(Listeners& listeners, Handler& handler) : service() {
    check_handler<Listeners, Handler>();
    if constexpr (handles_all<Handler, Listeners>)
      for_each_listener(listeners, [&]<class L>(L& each) { add(each, stream_handler_of<stream_of<L>>(handler)); });
  }
  service(service const&) = delete;
  service& operator=(service const&) = delete;
  ~service();

  /// Serves on the current loop, until it is canceled or the server is stopped.
  task<server_statistics> run(server& with);

 private:
  service();
  void add(tcp::listener& listener, stream_handler<tcp::stream> const& handler);
  void add(local::listener& listener, stream_handler<local::stream> const& handler);

  struct state;
  owned<state> state_;
};

}  // namespace strait::detail
