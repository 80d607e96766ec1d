// The byte counts of a stream, and a meter that keeps them.
#include <array>
#include <string>
#include <thread>

#include <strait/net/detail/traffic_meter.hpp>

#include "../core/waiting.hpp"
#include "catch.hpp"
#include "stream_kinds.hpp"

using namespace strait;
using namespace strait::test;
using detail::traffic_meter;

namespace {

constexpr std::size_t much = 32 * 1024 * 1024;

/// The stream's count. Fails the test if the meter's count differs.
template <class Stream>
std::uint64_t counted_in(Stream const& stream, traffic_meter const& meter) {
  CHECK(meter.received() == stream.bytes_read());
  return stream.bytes_read();
}
template <class Stream>
std::uint64_t counted_out(Stream const& stream, traffic_meter const& meter) {
  CHECK(meter.sent() == stream.bytes_written());
  return stream.bytes_written();
}

}  // namespace

TEMPLATE_TEST_CASE("every kind of read counts its bytes once", "", tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  traffic_meter meter;
  meter.attach(stream);
  complete([&]() -> task<> {
    char buffer[8];
    char other[8];
    std::array<mutable_buffer, 2> const both{mutable_buffer(buffer), mutable_buffer(other)};
    std::uint64_t total = 0;
    auto check_with = [&](std::size_t more) {
      total += more;
      CHECK(counted_in(stream, meter) == total);
    };
    peer.send("12345");
    check_with(co_await stream.read(buffer));
    peer.send("1234567890");
    check_with(co_await stream.read(both));
    peer.send("12345678");
    check_with(co_await stream.read_exactly(buffer));
    peer.send("1234567812345678");
    check_with(co_await stream.read_exactly(both));
    peer.send("123");
    auto const lent = co_await stream.read_borrowed();
    check_with(lent.size());
    peer.shutdown_write();
    check_with(co_await stream.read(buffer));
    CHECK(total == 42);
    CHECK(counted_out(stream, meter) == 0);
  });
}

TEMPLATE_TEST_CASE("a read_exactly that arrives in parts counts each part when it arrives", "", tcp::stream,
                   local::stream) {
  auto [stream, peer] = connected<TestType>();
  traffic_meter meter;
  meter.attach(stream);
  complete([&]() -> task<> {
    char buffer[8];
    auto send_in_parts = [&]() -> task<> {
      for (std::uint64_t sent = 0; sent != 8; ++sent) {
        CHECK(counted_in(stream, meter) == sent);
        peer.send("x");
        while (stream.bytes_read() == sent) co_await yield();
      }
    };
    co_await when_all(stream.read_exactly(buffer), send_in_parts());
    CHECK(counted_in(stream, meter) == 8);
  });
}

TEMPLATE_TEST_CASE("every kind of write counts its bytes once", "", tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  traffic_meter meter;
  meter.attach(stream);
  complete([&]() -> task<> {
    std::array<const_buffer, 2> const both{const_buffer("1234"), const_buffer("56")};
    co_await stream.write("12345");
    CHECK(counted_out(stream, meter) == 5);
    co_await stream.write(both);
    CHECK(counted_out(stream, meter) == 11);
    co_await stream.write_some("123");
    CHECK(counted_out(stream, meter) == 14);
    co_await stream.write_some(both);
    CHECK(counted_out(stream, meter) == 20);
    CHECK(counted_in(stream, meter) == 0);
  });
  CHECK(peer.receive_exactly(20).size() == 20);
}

TEMPLATE_TEST_CASE("a write that waits counts the bytes that were sent so far", "", tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  traffic_meter meter;
  meter.attach(stream);
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    auto drain = [&]() -> task<> {
      co_await yield();
      auto const taken_at_first = counted_out(stream, meter);
      CHECK(taken_at_first > 0);
      CHECK(taken_at_first < much);
      auto work = [&] { return peer.receive_exactly(much).size(); };
      co_await on_thread_pool(work);
    };
    co_await when_all(stream.write(bytes), drain());
    CHECK(counted_out(stream, meter) == much);
  });
}

TEMPLATE_TEST_CASE("the bytes of a write that is cut short are counted", "", tcp::stream, local::stream) {
  auto [stream, peer] = connected<TestType>();
  traffic_meter meter;
  meter.attach(stream);
  std::size_t sent = 0;
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    auto write = [&]() -> task<> { sent = co_await moved_by(stream.write(bytes)); };
    co_await run_and_cancel(write);
    CHECK(sent > 0);
    CHECK(counted_out(stream, meter) == sent);
  });
  stream.close();
  CHECK(peer.receive_to_the_end().size() == sent);
}

TEST_CASE("bytes received at the moment of a cancel are counted even if the stream is closed at once") {
  auto [stream, peer] = stream_and_peer();
  traffic_meter meter;
  meter.attach(stream);
  complete([&]() -> task<> {
    char buffer[16];
    cancel_scope scope;
    auto cancel_and_close = [&]() -> task<> {
      co_await yield();
      peer.send("data");
      scope.cancel();
      stream.close();
    };
    auto const [read, done] = co_await when_all(scope.run(as_result(stream.read(buffer))), cancel_and_close());
    CHECK(meter.received() == (read && *read ? **read : 0));
  });
}

TEST_CASE("a copy between sockets counts its bytes on both sides whether it is spliced or not") {
  auto [from, source] = stream_and_peer();
  auto [to, sink] = stream_and_peer();
  traffic_meter meter_from;
  traffic_meter meter_to;
  meter_from.attach(from);
  meter_to.attach(to);
  complete([&]() -> task<> {
    std::string const bytes(much, 'x');
    auto send = [&] {
      source.send(bytes);
      source.shutdown_write();
    };
    auto receive = [&] { return sink.receive_exactly(much).size(); };
    co_await when_all(copy(from, to), on_thread_pool(send), on_thread_pool(receive));
    CHECK(from.bytes_read() == much);
    CHECK(from.bytes_written() == 0);
    CHECK(to.bytes_written() == much);
    CHECK(to.bytes_read() == 0);
    CHECK(meter_from.received() == much);
    CHECK(meter_to.sent() == much);
  });
}

TEST_CASE("a closed stream has a byte count of zero") {
  auto [stream, peer] = stream_and_peer();
  complete([&]() -> task<> {
    co_await stream.write("hello");
    stream.close();
    CHECK(stream.bytes_written() == 0);
    CHECK(stream.bytes_read() == 0);
  });
}

TEST_CASE("byte counts are kept when a stream is moved") {
  auto [first, peer] = stream_and_peer();
  complete([&]() -> task<> {
    co_await first.write("hello");
    tcp::stream const second(std::move(first));
    CHECK(second.bytes_written() == 5);
    CHECK(first.bytes_written() == 0);
  });
}

TEST_CASE("a meter counts its stream's bytes from first to last and keeps the totals") {
  auto [first, second] = stream_pair();
  traffic_meter meter;
  complete([&]() -> task<> {
    char buffer[16];
    co_await first.write("before");
    co_await second.read(buffer);
    meter.attach(first);
    co_await first.write("12345");
    co_await second.write("123");
    co_await first.read(buffer);
    first.close();
    CHECK(meter.sent() == 11);
    CHECK(meter.received() == 3);
  });
}

TEST_CASE("a stream that outlives its meter continues to count") {
  auto [first, second] = stream_pair();
  {
    traffic_meter meter;
    meter.attach(first);
    complete([&]() -> task<> { co_await first.write("hello"); });
    CHECK(meter.sent() == 5);
  }
  complete([&]() -> task<> { co_await first.write("hello"); });
  CHECK(first.bytes_written() == 10);
}

TEST_CASE("a meter may be read from any thread", "[threads]") {
  auto [first, second] = stream_pair();
  traffic_meter meter;
  meter.attach(first);
  std::thread reader([&] {
    while (meter.sent() != 1000) std::this_thread::yield();
  });
  complete([&]() -> task<> {
    char buffer[1];
    for (int i = 0; i != 1000; ++i) {
      co_await first.write("x");
      co_await second.read(buffer);
    }
  });
  reader.join();
}
