// line_server: replies "hello <line>" to each line.
#include <strait/strait.hpp>

#include <exception>

#include "line_server_options.hpp"
#include "serving/stream_server.hpp"

using namespace strait;

namespace {

/// Lines may hold any bytes. What ends a line ends its reply, too: LF, CR LF, or nothing, if it is the last one.
task<> greet(tcp::stream& client, line_server_options const& options) {
  buffered_reader in(client);
  buffered_writer out(client);
  in.tie(out);  // replies are sent when there is no other line at hand, all of them together

  std::exception_ptr too_long;
  try {
    while (!(co_await in.peek()).empty()) {  // a line has begun, and must end in time
      auto const line = co_await timeout(options.line_timeout, in.read_until("\n", options.max_line));
      co_await out.print("hello {}\n", line.value());  // a CR before the LF is taken for part of the line
    }
  } catch (unexpected_end const&) {  // the last line is in in.buffered()
  } catch (limit_exceeded const&) {
    too_long = std::current_exception();
  }

  if (too_long) {
    co_await out.print("error: a line may have {} bytes at most\n", options.max_line);
    co_await out.flush();
    co_await lingering_close(client);  // else what the client still sends would take the answer back
    std::rethrow_exception(too_long);  // into the log
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
