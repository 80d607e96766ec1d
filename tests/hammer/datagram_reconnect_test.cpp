// Tasks send to, receive from, connect, disconnect and close the same few datagram sockets in random order. Every
// operation must end, and a datagram must be received at most once, and not at all if its send was canceled or failed.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <strait/net/local.hpp>
#include <strait/net/udp.hpp>

#include "hammer/hammer.hpp"

using namespace strait;
using namespace strait::test;

namespace {

enum class fate : unsigned char { unknown, sent, not_sent, received };

template <class Socket>
class reconnecting {
 public:
  using endpoint_type = typename Socket::endpoint_type;
  using datagram = basic_datagram<endpoint_type>;
  using binding = Socket (*)();

  reconnecting(binding bind, chance& luck) : bind_(bind), luck_(luck) {
    for (auto& each : sockets_) each = bind_();
  }

  task<> run(int operations) {
    auto work = [&]() -> task<> {
      for (int i = 0; i != operations && wrong == 0; ++i) co_await operate();
    };
    co_await when_all(work(), work(), work(), work(), work(), work());
  }

  int ended = 0;
  int arrived = 0;
  int changes = 0;
  int wrong = 0;

 private:
  Socket& any() { return sockets_[luck_.between<std::size_t>(0, sockets_.size() - 1)]; }

  /// One operation, which may be interrupted.
  task<> operate() {
    auto& socket = any();
    cancel_scope scope;
    auto attempt = [&]() -> task<> {
      try {
        switch (luck_.between(0, 5)) {
          case 0: co_await send(socket, any().local_endpoint()); break;
          case 1: co_await send(socket); break;
          case 2: co_await send_batch(socket, any().local_endpoint()); break;
          case 3: co_await receive(socket, true); break;
          case 4: co_await receive(socket, false); break;
          default: co_await receive_batch(socket);
        }
      } catch (error const&) {  // not connected, connected to a socket that was closed, or closed
      }
      ++ended;
      if (luck_.one_in(4)) change(socket);
    };
    auto cut_off = [&]() -> task<> {
      for (int turns = luck_.between(0, 6); turns != 0; --turns) co_await yield();
      if (luck_.one_in(8)) co_await sleep_for(std::chrono::microseconds(luck_.between(0, 300)));
      scope.cancel();
      if (luck_.one_in(3)) change(socket);
    };
    co_await when_all(scope.run(attempt), cut_off());
  }

  void change(Socket& socket) {
    ++changes;
    try {
      switch (luck_.between(0, 8)) {
        case 0: socket = bind_(); break;
        case 1:
        case 2:
        case 3: socket.disconnect(); break;
        default: socket.connect(any().local_endpoint());
      }
    } catch (error const&) {  // the other socket is connected elsewhere
    }
  }

  std::uint32_t next_number() {
    fates_.push_back(fate::unknown);
    return static_cast<std::uint32_t>(fates_.size() - 1);
  }
  static std::string text_of(std::uint32_t number) {
    std::string text(sizeof number + number % 100, 'x');
    text.replace(0, sizeof number, reinterpret_cast<char const*>(&number), sizeof number);
    return text;
  }
  /// A datagram may be received before its send has resumed.
  void conclude(std::uint32_t number, bool is_sent) {
    if (fates_[number] == fate::received) wrong += !is_sent;
    else fates_[number] = is_sent ? fate::sent : fate::not_sent;
  }
  void take(std::string_view text) {
    ++arrived;
    std::uint32_t number = 0;
    if (text.size() >= sizeof number) text.copy(reinterpret_cast<char*>(&number), sizeof number);
    bool const is_whole = number < fates_.size() && text == text_of(number);
    wrong += !is_whole || fates_[number] == fate::received || fates_[number] == fate::not_sent;
    if (is_whole) fates_[number] = fate::received;
  }

  task<> send(Socket& from, endpoint_type to) {
    auto const number = next_number();
    auto const text = text_of(number);
    bool is_sent = false;
    try {
      co_await from.sendto(text, to);
      is_sent = true;
    } catch (error const&) {
    } catch (canceled const&) {}
    conclude(number, is_sent);
  }
  task<> send(Socket& from) {
    auto const number = next_number();
    auto const text = text_of(number);
    bool is_sent = false;
    try {
      co_await from.send(text);
      is_sent = true;
    } catch (error const&) {
    } catch (canceled const&) {}
    conclude(number, is_sent);
  }
  task<> send_batch(Socket& from, endpoint_type to) {
    std::vector<std::string> texts;
    std::vector<datagram> batch;
    for (auto count = luck_.between(1, 20); count != 0; --count) texts.push_back(text_of(next_number()));
    for (auto const& each : texts) batch.push_back({const_buffer(each), to, false});
    co_await from.send_batch(batch);
  }
  task<> receive(Socket& on, bool names_sender) {
    char bytes[256];
    if (names_sender) {
      auto const [size, from, truncated] = co_await on.recvfrom(bytes);
      take({bytes, size});
    } else {
      auto const [size, truncated] = co_await on.recv(bytes);
      take({bytes, size});
    }
  }
  task<> receive_batch(Socket& on) {
    basic_datagram_buffer<endpoint_type> buffer(8, 256);
    auto const batch = co_await on.recv_batch(buffer);
    for (auto const& each : batch) take(each.text());
  }

  binding bind_;
  chance& luck_;
  std::array<Socket, 4> sockets_;
  std::vector<fate> fates_;
};

template <class Socket>
void hammer_reconnects(Socket (*bind)()) {
  auto const operations = scaled(2000);
  chance luck;
  CAPTURE(luck.seed());
  reconnecting<Socket> sockets(bind, luck);
  complete([&]() -> task<> { co_await sockets.run(operations); }, 50s);
  CHECK(sockets.wrong == 0);
  CHECK(sockets.arrived > operations / 10);  // otherwise the test proves nothing
  CHECK(sockets.changes > operations / 10);
}

}  // namespace

TEST_CASE("operations on UDP sockets that are connected and disconnected meanwhile end with correct results") {
  hammer_reconnects<udp::socket>([] { return udp::bind("127.0.0.1:0"); });
}

TEST_CASE("operations on local sockets that are connected and disconnected meanwhile end with correct results") {
  hammer_reconnects<local::socket>([] {
    auto made = local::bind(local::endpoint());
    made.send_buffer_size(4096);
    return made;
  });
}
