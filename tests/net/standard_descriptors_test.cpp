// Descriptors 0, 1 and 2 are never used for sockets, even if the standard streams are closed.
#include <strait/strait.hpp>

#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"
#include "core/program.hpp"
#include "sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

void close_standard_streams() {
  for (int const each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(each);
}

/// Whether the socket's descriptor is above 2, and so is that of the next file opened.
template <class Socket>
bool keeps_clear(Socket const& made) {
  int const next = ::dup(made.native_handle());
  ::close(next);
  return made.native_handle() > STDERR_FILENO && next > STDERR_FILENO;
}

/// Makes a socket while the standard streams are closed.
template <class Make>
bool is_made_clear(Make make) {
  close_standard_streams();
  return keeps_clear(make());
}

bool accepts_clear() {
  return run([]() -> task<bool> {
    auto listener = tcp::listen("127.0.0.1:0");
    auto const client = co_await tcp::connect(listener.local_endpoint());
    close_standard_streams();
    auto const accepted = co_await listener.accept();
    co_return keeps_clear(accepted);
  });
}

bool pairs_clear() {
  close_standard_streams();
  auto const [one, other] = local::stream_pair();
  return keeps_clear(one) && keeps_clear(other);
}

}  // namespace

TEST_CASE("program whose standard streams are closed", "[.]") {
  bool const is_well = is_made_clear([] { return tcp::listen("127.0.0.1:0"); }) &&
                       is_made_clear([] { return udp::bind("127.0.0.1:0"); }) && pairs_clear() && accepts_clear();
  exit_with(is_well ? 0 : 1);
}
TEST_CASE("no socket gets the descriptor of a closed standard stream") {
  program closed("program whose standard streams are closed");
  CHECK(closed.status() == 0);
}
