// TLS: Asio's ssl::stream in tasks, alone and with strait's readers and writers. Needs OpenSSL 3.
#if __has_include(<openssl/ssl.h>)

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>

#include <strait/core/run.hpp>
#include <strait/core/task_group.hpp>
#include <strait/core/timeout.hpp>
#include <strait/interop/asio.hpp>
#include <strait/io/buffered_reader.hpp>
#include <strait/io/buffered_writer.hpp>
#include <strait/io/copy.hpp>
#include <strait/io/duplex.hpp>
#include <strait/net/tcp.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "interop/certificate.hpp"
#include "interop/operations.hpp"

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;

namespace {

using ssl_stream = asio::ssl::stream<asio::ip::tcp::socket>;
using tls_stream = asio_stream<ssl_stream>;

static_assert(stream<tls_stream>);

/// Both ends of a TLS connection.
struct tls_pair {
  tls_pair(certificate const& with, tcp::stream near, tcp::stream far, event_loop& loop)
      : client_context(with.client_context()),
        server_context(with.server_context()),
        client(ssl_stream(to_asio(std::move(near), loop), client_context)),
        server(ssl_stream(to_asio(std::move(far), loop), server_context)) {}

  task<> shake_hands() {
    auto body = [&](task_group& group) -> task<> {
      auto answer = [&]() -> task<> {
        co_await server.next_layer().async_handshake(asio::ssl::stream_base::server, use_task);
      };
      group.spawn(answer);
      co_await client.next_layer().async_handshake(asio::ssl::stream_base::client, use_task);
    };
    co_await with_task_group(body);
  }

  asio::ssl::context client_context;
  asio::ssl::context server_context;
  tls_stream client;
  tls_stream server;
};

/// A connected pair, before the handshake, on the loop of the awaiting task.
task<std::unique_ptr<tls_pair>> connected(certificate const& with) {
  auto listener = tcp::listen("127.0.0.1:0");
  tcp::stream near;
  tcp::stream far;
  auto body = [&](task_group& group) -> task<> {
    auto connect = [&]() -> task<> { near = co_await tcp::connect(listener.local_endpoint()); };
    group.spawn(connect);
    far = co_await listener.accept();
  };
  co_await with_task_group(body);
  event_loop& loop = co_await current_loop();
  co_return std::make_unique<tls_pair>(with, std::move(near), std::move(far), loop);
}

/// Runs `test(pair)` on a pair after the handshake.
template <class F>
void over_tls(F test) {
  certificate const own;
  complete([&]() -> task<> {
    auto pair = co_await connected(own);
    co_await pair->shake_hands();
    co_await test(*pair);
  });
}

/// Runs both tasks concurrently.
task<> together(task<> first, task<> second) {
  auto body = [&](task_group& group) -> task<> {
    group.spawn(std::move(second));
    co_await std::move(first);
  };
  co_await with_task_group(body);
}

task<> echo_lines(tls_stream& peer) {
  buffered_reader in(peer);
  buffered_writer out(peer);
  in.tie(out);
  while (auto line = co_await in.read_line()) co_await out.print("{}\n", *line);
  co_await out.flush();
  co_await peer.shutdown_write();
}

}  // namespace

TEST_CASE("lines are echoed over TLS with a buffered reader and writer") {
  over_tls([](tls_pair& pair) -> task<> {
    auto talk = [&]() -> task<> {
      buffered_reader in(pair.client);
      for (int i = 0; i != 100; ++i) {
        auto const text = fmt::format("line {}\n", i);
        co_await pair.client.write(text);
        auto const answer = co_await in.read_line();
        CHECK(answer == text.substr(0, text.size() - 1));
      }
      co_await pair.client.shutdown_write();
      auto const end = co_await in.read_line();
      CHECK_FALSE(end);
    };
    co_await together(echo_lines(pair.server), talk());
  });
}

TEST_CASE("large amounts of data in several buffers are copied over TLS") {
  over_tls([](tls_pair& pair) -> task<> {
    std::string const part(300'000, 'x');
    auto send = [&]() -> task<> {
      std::array<const_buffer, 3> const parts{part, "middle", part};
      auto const size = co_await pair.client.write(parts);
      CHECK(size == 2 * part.size() + 6);
      co_await pair.client.shutdown_write();
    };
    auto [near, far] = duplex({.capacity = 1000});
    auto& into = near;
    auto relay = [&]() -> task<> {
      auto const size = co_await copy(pair.server, into);
      CHECK(size == 2 * part.size() + 6);
      into.shutdown_write();
    };
    auto& from = far;
    auto receive = [&]() -> task<> {
      buffered_reader in(from);
      auto const all = co_await in.read_exactly(2 * part.size() + 6);
      CHECK(all == part + "middle" + part);
    };
    co_await together(together(send(), relay()), receive());
  });
}

TEST_CASE("the end of one direction of a TLS connection does not end the other") {
  over_tls([](tls_pair& pair) -> task<> {
    std::array<char, 16> bytes{};
    auto wait = [&]() -> task<> {  // waits in a read while its own direction is shut down
      auto const size = co_await pair.client.read(bytes);
      CHECK(std::string_view(bytes.data(), size) == "late answer");
    };
    auto answer = [&]() -> task<> {
      std::array<char, 16> nothing{};
      auto const size = co_await pair.server.read(nothing);
      CHECK(size == 0);
      co_await pair.server.write("late answer");
      co_await pair.server.shutdown_write();
    };
    auto end = [&]() -> task<> {
      co_await turns(3);
      co_await pair.client.shutdown_write();
    };
    co_await together(together(wait(), answer()), end());
    auto const size = co_await pair.client.read(bytes);
    CHECK(size == 0);
  });
}

TEST_CASE("a proxy can use TLS on one side") {
  over_tls([](tls_pair& pair) -> task<> {
    auto [near, far] = duplex();
    auto& inside = near;
    auto& service = far;
    auto serve = [&]() -> task<> {
      buffered_reader in(service);
      while (auto line = co_await in.read_line()) co_await service.write(fmt::format("hello {}\n", *line));
      service.shutdown_write();
    };
    auto relay = [&]() -> task<> {
      auto const moved = co_await copy_bidirectional(pair.server, inside);
      CHECK(moved == bidirectional_copy_result{4, 10});
    };
    auto talk = [&]() -> task<> {
      co_await pair.client.write("you\n");
      co_await pair.client.shutdown_write();
      std::array<char, 16> bytes{};
      auto const size = co_await pair.client.read(bytes);
      CHECK(std::string_view(bytes.data(), size) == "hello you\n");
      auto const end = co_await pair.client.read(bytes);
      CHECK(end == 0);
    };
    co_await together(together(serve(), relay()), talk());
  });
}

TEST_CASE("a peer that closes without a TLS close_notify causes an error and not an end of stream") {
  over_tls([](tls_pair& pair) -> task<> {
    pair.client.next_layer().next_layer().shutdown(asio::socket_base::shutdown_send);
    std::array<char, 16> bytes{};
    auto const cut = co_await error_of(pair.server.read(bytes));
    CHECK(cut.code() == asio::ssl::error::stream_truncated);
    CHECK(std::string(cut.what()).starts_with("read from 127.0.0.1:"));
  });
}

TEST_CASE("a client does not trust an unknown certificate") {
  certificate const own;
  certificate const stranger;
  complete([&]() -> task<> {
    auto pair = co_await connected(own);
    auto other = stranger.client_context();
    ssl_stream client(std::move(pair->client.next_layer().next_layer()), other);
    auto answer = [&]() -> task<> {
      auto const e =
          co_await error_of(pair->server.next_layer().async_handshake(asio::ssl::stream_base::server, use_task));
      CHECK(e.code());
    };
    auto ask = [&]() -> task<> {
      auto const e = co_await error_of(client.async_handshake(asio::ssl::stream_base::client, use_task));
      CHECK(e.code().category() == asio::error::get_ssl_category());
      CHECK(std::string(e.what()).starts_with("async_handshake: "));
      client.next_layer().close();
    };
    co_await together(answer(), ask());
  });
}

TEST_CASE("a handshake with a silent peer times out") {
  certificate const own;
  complete([&]() -> task<> {
    auto pair = co_await connected(own);
    auto const late = co_await error_of(
        timeout(20ms, pair->client.next_layer().async_handshake(asio::ssl::stream_base::client, use_task)));
    CHECK(late.code() == errc::timed_out);
  });
}

TEST_CASE("a read over TLS that times out or is canceled loses no bytes") {
  over_tls([](tls_pair& pair) -> task<> {
    std::array<char, 16> bytes{};
    for (std::string_view const word : {"one", "two", "three"}) {
      auto const late = co_await error_of(timeout(5ms, pair.server.read(bytes)));
      CHECK(late.code() == errc::timed_out);
      bool const was_done = co_await run_and_cancel([&]() -> task<> { co_await pair.server.read(bytes); });
      CHECK_FALSE(was_done);
      co_await pair.client.write(word);
      auto const size = co_await pair.server.read(bytes);
      CHECK(std::string_view(bytes.data(), size) == word);
    }
  });
}

TEST_CASE("a write over TLS to a peer that does not read can be canceled") {
  over_tls([](tls_pair& pair) -> task<> {
    std::string const much(32 * 1024 * 1024, 'x');
    auto const late = co_await error_of(timeout(100ms, pair.client.write(much)));
    CHECK(late.code() == errc::timed_out);
    CHECK(late.transferred() > 0);
    CHECK(late.transferred() < much.size());
  });
}

#endif
