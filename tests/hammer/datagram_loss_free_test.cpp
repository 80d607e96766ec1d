// Deadlines and cancels race with datagrams many thousands of times. Each datagram must be received once and in order,
// or still be in the socket's queue; and each send must report correctly whether it was sent.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Waits for some turns or some microseconds.
task<> a_while(chance& luck) {
  if (luck.one_in(3)) {
    co_await sleep_for(std::chrono::microseconds(luck.between(0, 300)));
  } else {
    for (int turns = luck.between(0, 6); turns != 0; --turns) co_await yield();
  }
}

task<> cancel_after_a_while(chance& luck, cancel_scope& scope) {
  co_await a_while(luck);
  scope.cancel();
}

/// Records the numbers of the received datagrams.
struct numbers {
  std::uint32_t next = 0;
  int wrong = 0;
  int cuts = 0;

  void note(std::string_view datagram) {
    std::uint32_t number = 0;
    if (datagram.size() < sizeof number) {
      ++wrong;
      return;
    }
    std::memcpy(&number, datagram.data(), sizeof number);
    if (number != next) ++wrong;
    next = number + 1;
  }
};

std::string datagram_of(std::uint32_t number, std::size_t size = sizeof number) {
  std::string bytes(std::max(size, sizeof number), 'x');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

/// Receives one datagram or a batch and records it at once, so that any later loss is the library's.
task<bool> receive(chance& luck, udp::socket& socket, udp::datagram_buffer& buffer, numbers& got, bool batches_only) {
  if (batches_only || luck.one_in(2)) {
    auto const batch = co_await socket.recv_batch(buffer);
    for (auto const& each : batch) got.note(each.text());
  } else {
    char bytes[64];
    auto const [size, truncated] = co_await socket.recv(bytes);
    got.note({bytes, size});
  }
  co_return true;
}

/// The same, but interrupted in one of several ways.
task<> receive_or_not(chance& luck, udp::socket& socket, udp::datagram_buffer& buffer, numbers& got,
                      bool batches_only) {
  auto one = receive(luck, socket, buffer, got, batches_only);
  bool came = false;
  switch (luck.between(0, 3)) {
    case 0: came = co_await std::move(one); break;
    case 1: {
      auto const outcome = co_await as_result(timeout(std::chrono::microseconds(luck.between(0, 300)), std::move(one)));
      came = bool(outcome);
      break;
    }
    case 2: {
      auto const any = co_await when_any(std::move(one), a_while(luck));
      came = std::get<0>(any).has_value();
      break;
    }
    default: {
      cancel_scope scope;
      auto const all = co_await when_all(scope.run(std::move(one)), cancel_after_a_while(luck, scope));
      came = std::get<0>(all).has_value();
    }
  }
  got.cuts += !came;
}

/// Sends numbered datagrams to a receiver whose receives are interrupted all the time.
void hammer_receives(udp::bind_options options) {
  auto const count = static_cast<std::uint32_t>(scaled(10'000));
  chance luck;
  CAPTURE(luck.seed());
  auto receiver = udp::bind("127.0.0.1:0", options);
  auto sender = udp::bind("127.0.0.1:0", {.send_offload = true});
  auto const to = receiver.local_endpoint();
  numbers got;
  complete(
      [&]() -> task<> {
        auto send = [&]() -> task<> {
          for (std::uint32_t sent = 0; sent != count;) {
            while (sent - got.next > 100) co_await yield();  // so that the kernel's buffer does not overflow
            auto const some = std::min<std::uint32_t>(count - sent, luck.between(1u, 5u));
            std::vector<std::string> bodies;
            std::vector<udp::datagram> batch;
            for (std::uint32_t i = 0; i != some; ++i)
              bodies.push_back(datagram_of(sent + i, luck.one_in(3) ? luck.size_up_to(60) : 20));
            for (auto const& each : bodies) batch.push_back({const_buffer(each), to, false});
            sent += static_cast<std::uint32_t>(co_await sender.send_batch(batch));
            co_await a_while(luck);
          }
        };
        auto receive_all = [&]() -> task<> {
          udp::datagram_buffer buffer(8, 64);
          while (got.next < count && got.wrong == 0)
            co_await receive_or_not(luck, receiver, buffer, got, options.receive_offload);
        };
        co_await when_all(send(), receive_all());
      },
      50s);
  CHECK(got.wrong == 0);
  CHECK(got.next == count);
  CHECK(got.cuts > static_cast<int>(count) / 500);  // otherwise the test proves nothing
}

}  // namespace

TEST_CASE("datagrams arrive once and in order although the receives are interrupted in every way") {
  hammer_receives({});
}

TEST_CASE("with receive_offload, datagrams arrive once and in order although the receives are interrupted") {
  hammer_receives({.receive_offload = true});
}

TEST_CASE("with several receivers, datagrams arrive once although the receives are interrupted") {
  auto const count = static_cast<std::uint32_t>(scaled(10'000));
  chance luck;
  CAPTURE(luck.seed());
  auto receiver = udp::bind("127.0.0.1:0");
  auto sender = udp::bind("127.0.0.1:0");
  auto const to = receiver.local_endpoint();
  std::vector<int> times(count);
  std::uint32_t arrived = 0;
  int cuts = 0;
  complete(
      [&]() -> task<> {
        auto note_one = [&]() -> task<bool> {
          std::uint32_t number = 0;
          auto const [size, from, truncated] = co_await receiver.recvfrom(mutable_buffer(&number, sizeof number));
          if (size == sizeof number && number < count) {
            ++times[number];
            ++arrived;
          }
          co_return true;
        };
        auto receive_on = [&]() -> task<> {
          while (arrived < count) {
            cancel_scope scope;
            auto const all = co_await when_all(scope.run(note_one()), cancel_after_a_while(luck, scope));
            cuts += !std::get<0>(all);
          }
        };
        auto send = [&]() -> task<> {
          for (std::uint32_t sent = 0; sent != count; ++sent) {
            while (sent - arrived > 100) co_await yield();
            co_await sender.sendto(const_buffer(&sent, sizeof sent), to);
            if (luck.one_in(2)) co_await a_while(luck);
          }
        };
        co_await when_all(receive_on(), receive_on(), receive_on(), receive_on(), send());
      },
      50s);
  CHECK(arrived == count);
  CHECK(std::all_of(times.begin(), times.end(), [](int each) { return each == 1; }));
  CHECK(cuts > static_cast<int>(count) / 500);
}

TEST_CASE("batches whose sends are interrupted arrive as far as they report") {
  auto const rounds = scaled(3000);
  chance luck;
  CAPTURE(luck.seed());
  auto receiver = udp::bind("127.0.0.1:0");
  auto sender = udp::bind("127.0.0.1:0", {.send_offload = true});
  auto const to = receiver.local_endpoint();
  int cuts = 0;
  int wrong = 0;
  complete(
      [&]() -> task<> {
        char bytes[64];
        std::uint32_t next = 0;
        for (int round = 0; round != rounds && wrong == 0; ++round) {
          std::vector<std::string> bodies;
          std::vector<udp::datagram> batch;
          auto const size = luck.between<std::uint32_t>(1, 100);
          for (std::uint32_t i = 0; i != size; ++i)
            bodies.push_back(datagram_of(next + i, 4 + (luck.one_in(2) ? i % 3 : 0)));
          for (auto const& each : bodies) batch.push_back({const_buffer(each), to, false});
          cancel_scope scope;
          if (luck.one_in(4)) scope.cancel();
          auto sending = scope.run(moved_by(sender.send_batch(batch)));
          auto both = when_all(std::move(sending), cancel_after_a_while(luck, scope));
          auto const [sent, done] = co_await std::move(both);
          cuts += sent.value_or(0) != size;
          for (std::uint32_t i = 0; i != sent.value_or(0); ++i) {
            auto const got = co_await receiver.recv(bytes);
            wrong += std::string_view(bytes, got.size) != bodies[i];
          }
          co_await sender.sendto("marker", to);
          auto const got = co_await receiver.recv(bytes);
          wrong += std::string_view(bytes, got.size) != "marker";
          next += size;
        }
      },
      50s);
  CHECK(wrong == 0);
  CHECK(cuts > rounds / 20);
}
