// server: answers each request line after the delay that it asks for, so that tests can have thousands pending.
#include <strait/strait.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "server_limits.hpp"
#include "serving/stream_server.hpp"

using namespace strait;

namespace {

thread_local unsigned this_thread = 0;
std::atomic<bool> is_draining = false;

std::string to_json(server_statistics const& of) {
  return fmt::format(
      R"({{"accepted": {}, "rejected": {}, "active": {}, "served": {}, "failed": {}, "timed_out": {}, "aborted": {}, )"
      R"("drained": {}, "accept_back_offs": {}, "bytes_received": {}, "bytes_sent": {}}})",
      of.accepted, of.rejected, of.active, of.served, of.failed, of.timed_out, of.aborted, of.drained,
      of.accept_back_offs, of.bytes_received, of.bytes_sent);
}

/// Removes the first word and the space after it from `text`; returns the word.
std::string_view next_word(std::string_view& text) {
  auto const end = std::min(text.find(' '), text.size());
  auto const word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

std::chrono::milliseconds milliseconds_from(std::string_view word) {
  int number = 0;
  std::from_chars(word.data(), word.data() + word.size(), number);
  return std::chrono::milliseconds(number);
}

task<> hang() {
  event never;
  co_await never.wait();
}

/// Answers "work MILLISECONDS TEXT" with TEXT after a delay, "stats" with the server's statistics, "thread" with the
/// number of the thread, and "hang" never.
task<> answer(server const& all, std::string_view request, buffered_writer<tcp::stream>& out) {
  auto const word = next_word(request);
  if (word == "work") {
    auto const time = milliseconds_from(next_word(request));
    if (time.count() != 0) co_await sleep_for(time);
    co_await out.print("{}\n", request);
  } else if (word == "stats") {
    co_await out.print("{}\n", to_json(all.statistics()));
  } else if (word == "thread") {
    co_await out.print("{}\n", this_thread);
  } else if (word == "hang") {
    co_await hang();
  } else {
    co_await out.print("error: {}\n", word);
  }
}

/// Handles requests; while the server drains, the current request is the last.
task<> handle_client(server const& all, buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) {
  do {
    auto const request = co_await in.read_line(1000);
    if (!request) co_return;
    co_await answer(all, *request, out);
  } while (!is_draining);
}

serve_options options_with_hooks(server_limits const& limits) {
  auto rules = limits.to_serve_options();
  rules.on_drain = [] { is_draining = true; };
  rules.on_event = [](server_event const& what) {
    if (what.type == server_event::kind::draining) fmt::print(stderr, "{}\n", what);
  };
  if (limits.quiet) rules.on_error = [](peer const&, std::exception_ptr) {};
  return rules;
}

}  // namespace

// Like serve_on_threads, but with access to the server's statistics.
int main(int argc, char** argv) {
  auto const limits = server_limits::read(argc, argv);
  try {
    auto listeners = samples::listen(limits);
    server all(options_with_hooks(limits));
    auto const handler = [&all](buffered_reader<tcp::stream>& in, buffered_writer<tcp::stream>& out) {
      return handle_client(all, in, out);
    };
    run_until_signal(static_cast<unsigned>(listeners.size()), [&](unsigned thread) {
      this_thread = thread;
      if (thread == 0) samples::print_address(listeners);
      return all.serve(std::move(listeners[thread]), handler);
    });
    fmt::print("{}\n", to_json(all.statistics()));
    return 0;
  } catch (std::exception const& e) {
    fmt::print(stderr, "server: {}\n", e.what());
    return 1;
  }
}
