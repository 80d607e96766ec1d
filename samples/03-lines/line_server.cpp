// line_server: replies "hello LINE" to each line.
#include <strait/strait.hpp>

#include <exception>

#include "line_server_options.hpp"
#include "serving/stream_server.hpp"

using namespace strait;

namespace {

/// Replies to each line with the same line ending: LF, CR LF, or none for a last line without one. A line may contain
/// any bytes.
task<> greet(tcp::stream& client, line_server_options const& options) {
  buffered_reader in(client);
  buffered_writer out(client);
  in.tie(out);  // `in` flushes `out` before it waits for input, so that replies to several lines are sent together

  std::exception_ptr too_long;
  try {
    while (!(co_await in.peek()).empty()) {  // the time limit of a line starts with its first byte
      auto const line = co_await timeout(options.line_timeout, in.read_until("\n", options.max_line));
      co_await out.print("hello {}\n", line.value());  // a CR before the LF is part of the line
    }
  } catch (unexpected_end const&) {  // in.buffered() is the last line, which has no LF
  } catch (limit_exceeded const&) {
    too_long = std::current_exception();
  }

  if (too_long) {
    co_await out.print("error: line too long; the maximum is {} bytes\n", options.max_line);
    co_await out.flush();
    co_await lingering_close(client);  // otherwise unread input would reset the connection and the reply could be lost
    std::rethrow_exception(too_long);  // logs it
  }
  if (!in.buffered().empty()) co_await out.print("hello {}", in.buffered());
  co_await out.flush();
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = line_server_options::read(argc, argv);
  return samples::run_stream_server("line_server", options,
                                    [&](tcp::stream& client) { return greet(client, options); });
}
