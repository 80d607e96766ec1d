// Deadlines and cancels race with data many thousands of times, and no byte may be lost, duplicated or changed.
//
// Every operation is interrupted in a random way at a random time. The test relies on the number of bytes that it
// reports, and the next operation continues from there. A single wrong report would break the pattern or the total.
#include <array>
#include <optional>
#include <vector>

#include <fcntl.h>

#include <strait/core/stop_token.hpp>

#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// The result of a transfer: the number of bytes, and whether it reached the end of the stream.
struct outcome {
  std::size_t bytes = 0;
  bool has_ended = false;
  bool was_cut = false;
};

template <class Operation>
task<outcome> outcome_of(Operation transfer) {
  try {
    std::size_t const n = co_await std::move(transfer);
    co_return outcome{n, n == 0, false};
  } catch (canceled const& c) {
    co_return outcome{c.transferred(), false, true};
  } catch (timed_out const& e) {
    co_return outcome{e.transferred(), false, true};
  } catch (unexpected_end const& e) {
    co_return outcome{e.received(), true, false};
  }
}

/// Waits for some turns or some microseconds.
task<> a_while(chance& luck) {
  if (luck.one_in(3)) {
    co_await sleep_for(std::chrono::microseconds(luck.between(0, 500)));
  } else {
    for (int turns = luck.between(0, 6); turns != 0; --turns) co_await yield();
  }
}

task<> cancel_after_a_while(chance& luck, cancel_scope& scope) {
  co_await a_while(luck);
  scope.cancel();
}

task<> store(task<outcome> from, outcome& to) { to = co_await std::move(from); }

std::chrono::microseconds some_microseconds(chance& luck) { return std::chrono::microseconds(luck.between(0, 400)); }

/// Awaits `transfer`, a read or a write of `stream`, and interrupts it in one of several ways.
task<outcome> cut_off(chance& luck, tcp::stream& stream, transfer_operation transfer) {
  outcome done;
  switch (luck.between(0, 9)) {
    case 0: co_return co_await outcome_of(transfer);
    case 1: co_return co_await outcome_of(timeout(some_microseconds(luck), transfer));
    case 2: {  // the operation's own scope is canceled
      cancel_scope scope;
      auto const [n, canceled] = co_await when_all(scope.run(outcome_of(transfer)), cancel_after_a_while(luck, scope));
      co_return *n;
    }
    case 3: {
      auto const [n, late] = co_await when_any(outcome_of(transfer), a_while(luck));
      co_return *n;  // the losing operation has ended, too, and has reported its bytes
    }
    case 4: {
      auto body = [&](task_group& group) -> task<> {
        group.spawn(store(outcome_of(transfer), done));
        co_await a_while(luck);
        group.cancel();
      };
      co_await with_task_group(body);
      co_return done;
    }
    case 5:
      stream.idle_timeout(std::chrono::microseconds(luck.between(1, 2000)));
      done = co_await outcome_of(transfer);
      if (luck.one_in(2)) stream.idle_timeout(0s);
      co_return done;
    case 6: {  // a deadline inside a scope
      cancel_scope scope;
      auto inner = scope.run(outcome_of(timeout(some_microseconds(luck), transfer)));
      auto both = when_all(std::move(inner), cancel_after_a_while(luck, scope));
      auto const [n, canceled] = co_await std::move(both);
      co_return *n;
    }
    case 7: {  // canceled before it starts: no byte may be transferred
      cancel_scope scope;
      scope.cancel();
      co_return *co_await scope.run(outcome_of(transfer));
    }
    case 8: {
      std::stop_source stop;
      auto request = [&]() -> task<> {
        co_await a_while(luck);
        stop.request_stop();
      };
      auto const [n, requested] = co_await when_all(outcome_of(cancel_on(stop.get_token(), transfer)), request());
      co_return n;
    }
    default: {  // shielded from a cancel
      cancel_scope scope;
      auto limited = timeout(some_microseconds(luck), transfer);
      auto const [n, canceled] =
          co_await when_all(scope.run(shield(outcome_of(std::move(limited)))), cancel_after_a_while(luck, scope));
      co_return *n;
    }
  }
}

/// One direction of a connection, as seen from both ends.
struct direction {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t wrong = 0;
  int cuts = 0;
};

task<> send(chance& luck, tcp::stream& stream, int operations, direction& way) {
  std::string part(64 * 1024, '\0');
  for (int i = 0; i != operations; ++i) {
    auto const size = luck.size_up_to(part.size());
    fill_pattern(way.sent, part.data(), size);
    std::array<const_buffer, 3> const parts{const_buffer(part.data(), size / 3),
                                            const_buffer(part.data() + size / 3, size / 2 - size / 3),
                                            const_buffer(part.data() + size / 2, size - size / 2)};
    auto const transfer = luck.one_in(3)   ? stream.write_some(const_buffer(part.data(), size))
                          : luck.one_in(2) ? stream.write(parts)
                                           : stream.write(const_buffer(part.data(), size));
    auto const done = co_await cut_off(luck, stream, transfer);
    way.sent += done.bytes;
    way.cuts += done.was_cut;
    if (luck.one_in(20)) co_await a_while(luck);
  }
  stream.shutdown_write();
}

task<> receive(chance& luck, tcp::stream& stream, direction& way) {
  std::string part(64 * 1024, '\0');
  for (;;) {
    auto const size = luck.size_up_to(part.size());
    mutable_buffer const whole(part.data(), size);
    std::array<mutable_buffer, 2> const halves{mutable_buffer(part.data(), size / 2),
                                               mutable_buffer(part.data() + size / 2, size - size / 2)};
    auto const transfer = luck.one_in(3)   ? stream.read(whole)
                          : luck.one_in(2) ? stream.read_exactly(halves)
                                           : stream.read_exactly(whole);
    auto const done = co_await cut_off(luck, stream, transfer);
    way.wrong += done.bytes - matching_pattern(way.received, part.data(), done.bytes);
    way.received += done.bytes;
    way.cuts += done.was_cut;
    if (done.has_ended || way.wrong != 0) co_return;
    if (luck.one_in(20)) co_await a_while(luck);
  }
}

}  // namespace

TEST_CASE("reads and writes that are interrupted in every way lose no byte") {
  int const operations = scaled(8000);
  for (int round = 0; round != 4; ++round) {
    chance luck;
    CAPTURE(luck.seed());
    auto [one, other] = stream_pair();
    if (round % 2 == 0) {  // so that writes often wait
      one.send_buffer_size(16 * 1024);
      other.send_buffer_size(16 * 1024);
    }
    direction there;
    direction back;
    complete(
        [&]() -> task<> {
          co_await when_all(send(luck, one, operations, there), receive(luck, other, there),
                            send(luck, other, operations, back), receive(luck, one, back));
        },
        100s);
    CHECK(there.wrong == 0);
    CHECK(back.wrong == 0);
    CHECK(there.received == there.sent);
    CHECK(back.received == back.sent);
    CHECK(there.cuts + back.cuts > operations / 10);  // otherwise the test proves nothing
  }
}

TEST_CASE("when_any and a cancel_scope deliver every byte that an interrupted read has read") {
  int const messages = scaled(10'000);
  chance luck;
  CAPTURE(luck.seed());
  auto [one, other] = stream_pair();
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t wrong = 0;
  complete(
      [&]() -> task<> {
        auto sender = [&]() -> task<> {
          char part[100];
          for (int i = 0; i != messages; ++i) {
            auto const size = luck.size_up_to(sizeof part);
            fill_pattern(sent, part, size);
            sent += co_await one.write(const_buffer(part, size));
            co_await a_while(luck);
          }
          one.shutdown_write();
        };
        auto receiver = [&]() -> task<> {
          char part[100];
          for (;;) {
            std::optional<std::size_t> n;
            if (luck.one_in(2)) {
              auto const any = co_await when_any(other.read(part), a_while(luck));
              n = std::get<0>(any);
            } else {
              cancel_scope scope;
              auto const all = co_await when_all(scope.run(other.read(part)), cancel_after_a_while(luck, scope));
              n = std::get<0>(all);
            }
            if (!n) continue;
            if (*n == 0) co_return;
            wrong += *n - matching_pattern(received, part, *n);
            received += *n;
          }
        };
        co_await when_all(sender(), receiver());
      },
      100s);
  CHECK(wrong == 0);
  CHECK(received == sent);
}

TEST_CASE("fault 09: when a cancel races with an accept, the connection is delivered or waits, and none leaks") {
  int const connections = scaled(5000);
  chance luck;
  CAPTURE(luck.seed());
  auto const before = open_descriptors();
  int greeted = 0;
  int accepted = 0;
  int cuts = 0;
  {
    auto listener = tcp::listen("127.0.0.1:0");
    complete(
        [&]() -> task<> {
          auto client = [&]() -> task<> {
            for (int i = 0; i != connections; ++i) {
              auto stream = co_await tcp::connect(listener.local_endpoint());
              char byte[1];
              greeted += static_cast<int>(co_await stream.read(byte));
              if (luck.one_in(4)) co_await a_while(luck);
            }
          };
          auto server = [&]() -> task<> {
            while (accepted != connections) {
              std::optional<tcp::stream> stream;
              cancel_scope scope;
              switch (luck.between(0, 3)) {
                case 0: {
                  auto limited = co_await as_result(timeout(some_microseconds(luck), listener.accept()));
                  if (limited) stream = std::move(*limited);
                  break;
                }
                case 1: {
                  auto any = co_await when_any(listener.accept(), a_while(luck));
                  stream = std::move(std::get<0>(any));
                  break;
                }
                case 2: {
                  auto all = co_await when_all(scope.run(listener.accept()), cancel_after_a_while(luck, scope));
                  stream = std::move(std::get<0>(all));
                  break;
                }
                default: stream = co_await listener.accept();
              }
              cuts += !stream;
              if (!stream) continue;
              ++accepted;
              co_await stream->write("!");
            }
          };
          co_await when_all(client(), server());
        },
        100s);
    while (::accept(listener.native_handle(), nullptr, nullptr) >= 0) ++accepted;  // would find a surplus connection
  }
  CHECK(greeted == connections);
  CHECK(accepted == connections);
  CHECK(cuts > connections / 50);
  CHECK(open_descriptors() == before);
}

TEST_CASE("when a cancel races with a connect, there is a stream or none, and none leaks") {
  int const attempts = scaled(5000);
  chance luck;
  CAPTURE(luck.seed());
  auto const before = open_descriptors();
  int connected = 0;
  int cuts = 0;
  {
    auto listener = tcp::listen("127.0.0.1:0");
    complete(
        [&]() -> task<> {
          auto client = [&]() -> task<> {
            std::vector<endpoint> const addresses{unused_endpoint(), listener.local_endpoint()};
            char byte[1] = {};
            for (int i = 0; i != attempts; ++i) {
              cancel_scope scope;
              auto connecting = luck.one_in(2) ? tcp::connect(listener.local_endpoint()) : tcp::connect(addresses);
              auto all = co_await when_all(scope.run(std::move(connecting)), cancel_after_a_while(luck, scope));
              auto& stream = std::get<0>(all);
              cuts += !stream;
              if (!stream) continue;
              co_await stream->write(byte);
              connected += static_cast<int>(co_await stream->read(byte));
            }
          };
          co_await beside_echo_server(listener, client);
        },
        100s);
  }
  CHECK(connected + cuts == attempts);
  CHECK(connected > attempts / 20);
  CHECK(cuts > attempts / 20);
  CHECK(open_descriptors() == before);
}
