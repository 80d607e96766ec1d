// For tests of servers: clients that run beside a server on the same loop, and their exchanges.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "net/sockets.hpp"

namespace strait::test {

/// Serves on `which` until `clients` has completed, then stops it.
template <class Listeners, class Handler, class Clients>
task<server_statistics> serve_beside(server& which, Listeners listeners, Handler handler, Clients& clients) {
  server_statistics result;
  auto serving = [&]() -> task<> { result = co_await which.serve(std::move(listeners), std::move(handler)); };
  auto body = [&](task_group& group) -> task<> {
    group.spawn(serving());
    co_await clients();
    which.stop();
  };
  co_await with_task_group(body);
  co_return result;
}

/// The same with a new loop and a new server. If it hangs, it fails after 20 s.
template <class Listeners, class Handler, class Clients>
server_statistics serve_during(Listeners listeners, Handler handler, serve_options options, Clients clients) {
  server which(options);
  return complete([&]() -> task<server_statistics> {
    return serve_beside(which, std::move(listeners), std::move(handler), clients);
  });
}

/// Yields until `is_so()` returns true.
template <class F>
task<> eventually(F is_so) {
  while (!is_so()) co_await yield();
}

/// Whether each connection is counted in exactly one place.
inline bool adds_up(server_statistics const& of) {
  return of.accepted == of.rejected + of.active + of.served + of.failed + of.timed_out + of.aborted;
}

template <class Stream>
task<> echo(Stream& peer) {
  char buffer[4096];
  while (auto const n = co_await peer.read(buffer)) co_await peer.write(const_buffer(buffer, n));
}

/// Checks that a server echoes `text`.
template <class Stream>
task<> check_echo(Stream& server, std::string_view text) {
  co_await server.write(text);
  std::string answer(text.size(), '\0');
  co_await server.read_exactly(answer);
  CHECK(answer == text);
}

template <class Stream>
task<std::string> receive_to_the_end(Stream& from) {
  std::string all;
  char buffer[4096];
  while (auto const n = co_await from.read(buffer)) all.append(buffer, n);
  co_return all;
}

/// Checks that exactly `text` arrives before the end of the stream.
template <class Stream>
task<> check_rest(Stream& from, std::string_view text) {
  auto const rest = co_await receive_to_the_end(from);
  CHECK(rest == text);
}

/// Waits until the peer has closed or reset the connection, and ignores the bytes received.
template <class Stream>
task<> wait_for_the_end(Stream& from) {
  try {
    co_await receive_to_the_end(from);
  } catch (error const&) {}
}

/// Connects to `to` and returns when the kernel has established the connection, whether it is accepted or not.
inline tcp::stream connect_now(endpoint const& to) { return tcp::stream(raw_connect(to).release()); }

/// From another address of this host, such as 127.0.0.2.
inline tcp::stream connect_now_from(std::string_view address, endpoint const& to) {
  raw_socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage system;
  auto length = static_cast<socklen_t>(endpoint::parse(fmt::format("{}:0", address)).to_sockaddr(&system));
  if (::bind(made.get(), reinterpret_cast<sockaddr*>(&system), length) != 0) fail_with_errno("bind");
  length = static_cast<socklen_t>(to.to_sockaddr(&system));
  if (::connect(made.get(), reinterpret_cast<sockaddr*>(&system), length) != 0) fail_with_errno("connect");
  return tcp::stream(made.release());
}

/// Records what a server's hooks report. The hooks refer to this object.
class hook_recorder {
 public:
  std::vector<std::string> errors;   ///< "127.0.0.1:5000: read from …"
  std::vector<std::string> reasons;  ///< the same without the peer
  std::vector<server_event::kind> kinds;
  std::vector<std::string> events;

  void take_errors(serve_options& from) {
    from.on_error = [this](peer const& who, std::exception_ptr failure) {
      reasons.push_back(describe(failure));
      errors.push_back(fmt::format("{}: {}", who, reasons.back()));
    };
  }
  void take_events(serve_options& from) {
    from.on_event = [this](server_event const& event) {
      kinds.push_back(event.type);
      events.push_back(event.to_string());
    };
  }
};

}  // namespace strait::test
