// Asio's own objects on the loop of strait's tasks.
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/serial_port.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/write.hpp>

#include <strait/core/timeout.hpp>
#include <strait/interop/asio.hpp>
#include <strait/net/tcp.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "interop/operations.hpp"

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

/// A terminal without a device: bytes written to one side are read from the other.
class pseudo_terminal {
 public:
  explicit pseudo_terminal(asio::io_context::executor_type executor) : line_(executor, open_line()) {
    asio::serial_port_base::baud_rate const rate(9600);
    // Sets raw mode, as for a serial line: the terminal neither buffers lines nor echoes.
    port_.emplace(executor, ::ptsname(line_.native_handle()));
    port_->set_option(rate);
  }
  /// The side of the device.
  [[nodiscard]] asio::posix::stream_descriptor& device() noexcept { return line_; }
  /// The side of the computer.
  [[nodiscard]] asio::serial_port& port() noexcept { return *port_; }

 private:
  static int open_line() {
    int const descriptor = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(descriptor >= 0);
    REQUIRE(::grantpt(descriptor) == 0);
    REQUIRE(::unlockpt(descriptor) == 0);
    return descriptor;
  }
  asio::posix::stream_descriptor line_;
  std::optional<asio::serial_port> port_;
};

}  // namespace

TEST_CASE("asio_executor of a loop equals that of a task on the loop") {
  event_loop loop;
  auto own = []() -> task<asio::io_context::executor_type> { co_return co_await asio_executor(); };
  CHECK(loop.run(own()) == asio_executor(loop));
  CHECK(asio_context(loop).get_executor() == asio_executor(loop));
}

TEST_CASE("a serial port can be written to and read from") {
  complete([]() -> task<> {
    pseudo_terminal line(co_await asio_executor());
    auto device = [&]() -> task<> {
      std::string question;
      auto const size = co_await asio::async_read_until(line.device(), asio::dynamic_buffer(question), '\n', use_task);
      CHECK(question.substr(0, size) == "temperature?\n");
      co_await asio::async_write(line.device(), asio::buffer("21.5\n", 5), use_task);
    };
    auto body = [&](task_group& group) -> task<> {
      group.spawn(device);
      co_await asio::async_write(line.port(), asio::buffer("temperature?\n", 13), use_task);
      std::string answer;
      auto const size =
          co_await timeout(5s, asio::async_read_until(line.port(), asio::dynamic_buffer(answer), '\n', use_task));
      CHECK(answer.substr(0, size) == "21.5\n");
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("a read from a silent serial port times out and the port remains usable") {
  complete([]() -> task<> {
    pseudo_terminal line(co_await asio_executor());
    char bytes[8];
    auto const late = co_await error_of(
        timeout(20ms, line.port().async_read_some(asio::buffer(bytes), use_task("read the thermometer"))));
    CHECK(late.code() == errc::timed_out);
    co_await asio::async_write(line.device(), asio::buffer("21.5\n", 5), use_task);
    auto const size = co_await asio::async_read(line.port(), asio::buffer(bytes, 5), use_task);
    CHECK(std::string_view(bytes, size) == "21.5\n");
  });
}

TEST_CASE("a pipe can be used as a stream_descriptor") {
  complete([]() -> task<> {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    asio::posix::stream_descriptor in(co_await asio_executor(), ends[0]);
    asio::posix::stream_descriptor out(co_await asio_executor(), ends[1]);
    co_await asio::async_write(out, asio::buffer("water", 5), use_task);
    out.close();
    char bytes[8];
    auto const end = co_await error_of(asio::async_read(in, asio::buffer(bytes), use_task));
    CHECK(end.code() == asio::error::eof);
    CHECK(std::string_view(bytes, end.transferred()) == "water");
  });
}

TEST_CASE("Asio's resolver can look up a name") {
  complete([]() -> task<> {
    asio::ip::tcp::resolver resolver(co_await asio_executor());
    auto const found = co_await resolver.async_resolve("localhost", "80", use_task);
    CHECK(found.size() >= 1);
    auto const unknown = co_await error_of(resolver.async_resolve("127.0.0.1", "no such service", use_task));
    CHECK(std::string(unknown.what()).starts_with("async_resolve: "));
  });
}

TEST_CASE("Asio's sockets can connect to and accept from strait's sockets") {
  complete([]() -> task<> {
    auto const executor = co_await asio_executor();
    asio::ip::tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
    auto body = [&](task_group& group) -> task<> {
      auto client = [&]() -> task<> {
        auto stream = co_await tcp::connect(endpoint::loopback_v4(acceptor.local_endpoint().port()));
        co_await stream.write("hello");
      };
      group.spawn(client);
      auto socket = co_await acceptor.async_accept(use_task);
      char bytes[8];
      auto const end = co_await error_of(asio::async_read(socket, asio::buffer(bytes), use_task));
      CHECK(std::string_view(bytes, end.transferred()) == "hello");
    };
    co_await with_task_group(body);

    auto listener = tcp::listen("127.0.0.1:0");
    asio::ip::tcp::resolver resolver(executor);
    auto const where = listener.local_endpoint();
    auto const found = co_await resolver.async_resolve(where.address(), std::to_string(where.port()), use_task);
    asio::ip::tcp::socket socket(executor);
    auto const connected = co_await asio::async_connect(socket, found, use_task);
    CHECK(connected.port() == where.port());
  });
}

TEST_CASE("a canceled accept on an Asio acceptor ends") {
  complete([]() -> task<> {
    asio::ip::tcp::acceptor acceptor(co_await asio_executor(), {asio::ip::address_v4::loopback(), 0});
    bool const was_done =
        co_await run_and_cancel([&]() -> task<> { static_cast<void>(co_await acceptor.async_accept(use_task)); });
    CHECK_FALSE(was_done);
  });
}

TEST_CASE("an Asio datagram socket reports the sender of a datagram") {
  complete([]() -> task<> {
    asio::ip::udp::socket receiver(co_await asio_executor(), {asio::ip::address_v4::loopback(), 0});
    asio::ip::udp::socket sender(co_await asio_executor(), {asio::ip::address_v4::loopback(), 0});
    co_await sender.async_send_to(asio::buffer("ping", 4), receiver.local_endpoint(), use_task);
    char bytes[8];
    asio::ip::udp::endpoint from;
    auto const size = co_await receiver.async_receive_from(asio::buffer(bytes), from, use_task);
    CHECK(std::string_view(bytes, size) == "ping");
    CHECK(from == sender.local_endpoint());
  });
}

TEST_CASE("a signal_set can be awaited") {
  complete([]() -> task<> {
    asio::signal_set signals(co_await asio_executor(), SIGUSR1);
    auto body = [&](task_group& group) -> task<> {
      group.spawn([]() -> task<> {
        ::raise(SIGUSR1);
        co_return;
      });
      int const number = co_await signals.async_wait(use_task);
      CHECK(number == SIGUSR1);
    };
    co_await with_task_group(body);
  });
}

TEST_CASE("an object on a strand of the loop can be awaited") {
  complete([]() -> task<> {
    asio::steady_timer timer(asio::make_strand(co_await asio_executor()), 1ms);
    co_await timer.async_wait(use_task);
    bool const was_done = co_await run_and_cancel([&]() -> task<> {
      timer.expires_after(1h);
      co_await timer.async_wait(use_task);
    });
    CHECK_FALSE(was_done);
  });
}

TEST_CASE("a connection can be passed to Asio and back") {
  complete([]() -> task<> {
    auto listener = tcp::listen("127.0.0.1:0");
    event_loop& loop = co_await current_loop();
    tcp::stream client;
    tcp::stream server;
    auto body = [&](task_group& group) -> task<> {
      auto connect = [&]() -> task<> { client = co_await tcp::connect(listener.local_endpoint()); };
      group.spawn(connect);
      server = co_await listener.accept();
    };
    co_await with_task_group(body);

    co_await client.write("one");
    char bytes[8];
    auto size = co_await server.read(bytes);
    CHECK(std::string_view(bytes, size) == "one");

    auto socket = to_asio(std::move(server), loop);
    CHECK_FALSE(server.is_open());
    co_await client.write("two");
    size = co_await socket.async_read_some(asio::buffer(bytes), use_task);
    CHECK(std::string_view(bytes, size) == "two");

    server = from_asio(std::move(socket));
    auto read = [&]() -> task<std::size_t> { co_return co_await server.read(bytes); };
    auto write = [&]() -> task<> {
      co_await yield();
      co_await client.write("three");
    };
    auto both = [&](task_group& group) -> task<> {
      group.spawn(write);
      size = co_await read();
    };
    co_await with_task_group(both);
    CHECK(std::string_view(bytes, size) == "three");
  });
}

TEST_CASE("a closed connection cannot be passed to Asio or back") {
  event_loop loop;
  CHECK_THROWS_AS(to_asio(tcp::stream(), loop), error);
  CHECK_THROWS_AS(from_asio(asio::ip::tcp::socket(asio_executor(loop))), error);
}
