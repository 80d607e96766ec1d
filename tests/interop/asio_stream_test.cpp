// asio_stream: Asio's streams used as strait's streams.
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/serial_port.hpp>

#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>
#include <strait/interop/asio_stream.hpp>
#include <strait/io/buffered_reader.hpp>
#include <strait/io/buffered_writer.hpp>
#include <strait/io/copy.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "interop/operations.hpp"

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

using local_socket = asio::local::stream_protocol::socket;
using local_stream = asio_stream<local_socket>;

static_assert(stream<local_stream>);
static_assert(stream<asio_stream<asio::ip::tcp::socket>>);
static_assert(stream<asio_stream<local_socket&>>);
static_assert(read_stream<asio_stream<asio::serial_port>> && write_stream<asio_stream<asio::serial_port>>);
static_assert(!stream<asio_stream<asio::serial_port>>, "a serial line has no end");

/// Two streams that are connected to each other.
struct stream_pair {
  explicit stream_pair(asio::io_context::executor_type executor)
      : first(local_socket(executor)), second(local_socket(executor)) {
    asio::local::connect_pair(first.next_layer(), second.next_layer());
  }
  local_stream first;
  local_stream second;
};

}  // namespace

TEST_CASE("an asio_stream reads the available bytes and returns 0 at the end") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    std::array<char, 8> bytes{};
    auto size = co_await pair.second.write("abc");
    CHECK(size == 3);
    size = co_await pair.first.read(bytes);
    CHECK(std::string_view(bytes.data(), size) == "abc");
    pair.second.shutdown_write();
    size = co_await pair.first.read(bytes);
    CHECK(size == 0);
    co_await pair.first.write("still");
    size = co_await pair.second.read(bytes);
    CHECK(std::string_view(bytes.data(), size) == "still");
  });
}

TEST_CASE("an asio_stream writes several buffers in order") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    std::array<const_buffer, 4> const parts{"one ", "", "two ", "three"};
    auto size = co_await pair.second.write(parts);
    CHECK(size == 13);
    size = co_await pair.second.write(const_buffers());
    CHECK(size == 0);
    buffered_reader in(pair.first);
    auto const all = co_await in.read_exactly(13);
    CHECK(all == "one two three");
  });
}

TEST_CASE("a read into an empty buffer of an asio_stream fails") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    bool is_refused = false;
    try {
      co_await pair.first.read(mutable_buffer());
    } catch (std::invalid_argument const&) {
      is_refused = true;
    }
    CHECK(is_refused);
  });
}

TEST_CASE("lines can be read from an asio_stream") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    buffered_reader in(pair.first);
    buffered_writer out(pair.second);
    co_await out.print("{}\r\n{}\n", "one", "two");
    co_await out.flush();
    pair.second.close();
    auto line = co_await in.read_line();
    CHECK(line == "one");
    line = co_await in.read_line();
    CHECK(line == "two");
    line = co_await in.read_line();
    CHECK_FALSE(line);
  });
}

TEST_CASE("a canceled write of an asio_stream reports the number of bytes sent") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    std::string const much(8 * 1024 * 1024, 'x');
    auto const late = co_await error_of(timeout(50ms, pair.second.write(much)));
    CHECK(late.code() == errc::timed_out);
    CHECK(late.transferred() > 0);
    pair.second.shutdown_write();
    std::string got(much.size(), ' ');
    std::size_t total = 0;
    while (auto const size = co_await pair.first.read(got)) total += size;
    CHECK(total == late.transferred());
  });
}

TEST_CASE("closing an asio_stream ends a waiting read with errc::closed") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    std::array<char, 8> bytes{};
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await turns(3);
        pair.first.close();
      });
      auto const e = co_await error_of(pair.first.read(bytes));
      CHECK(e.code() == errc::closed);
      CHECK(std::string(e.what()) == "read: closed on this side");
    };
    co_await with_task_group(body);
    auto const e = co_await error_of(pair.first.write("more"));
    CHECK(e.code() == errc::closed);
  });
}

TEST_CASE("an error of an asio_stream names the operation and the peer") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    pair.second.close();
    auto const e = co_await error_of(pair.first.write("more"));
    CHECK(e.code() == asio::error::broken_pipe);
    CHECK(std::string(e.what()) == "write to the stream: broken pipe");
  });
}

TEST_CASE("two concurrent reads on an asio_stream are diagnosed") {
  complete([]() -> task<> {
    stream_pair pair(co_await asio_executor());
    bool refused = false;
    std::array<char, 8> bytes{};
    auto body = [&](task_group& group) -> task<> {
      auto first = [&]() -> task<> { co_await pair.first.read(bytes); };
      group.spawn(first);
      co_await turns(3);
      try {
        co_await pair.first.read(bytes);
      } catch (std::logic_error const&) {
        refused = true;
      }
      group.cancel();
    };
    co_await with_task_group(body);
    CHECK(refused);
  });
}
