// System calls that fail when a test says so, for the faults that cannot be had otherwise.
#pragma once

#include <chrono>
#include <cstdint>

namespace strait::test {

enum class system_call { socket, bind, accept, recvfrom, sendto, recvmmsg, sendmmsg, epoll_add };

/// While it lives, the next `times` calls fail with `error`. One at a time.
class failing {
 public:
  failing(system_call which, int error, int times);
  failing(failing const&) = delete;
  failing& operator=(failing const&) = delete;
  ~failing();
  /// How many calls are still to fail.
  [[nodiscard]] static int left() noexcept;
};

/// While it lives, this process has no IPv6: the sockets of that family cannot be made.
class without_ipv6 {
 public:
  without_ipv6() noexcept;
  without_ipv6(without_ipv6 const&) = delete;
  without_ipv6& operator=(without_ipv6 const&) = delete;
  ~without_ipv6();
};

/// While it lives, an option cannot be set: setsockopt fails with `error`.
class refusing_option {
 public:
  refusing_option(int level, int name, int error) noexcept;
  refusing_option(refusing_option const&) = delete;
  refusing_option& operator=(refusing_option const&) = delete;
  ~refusing_option();
};

/// While it lives, the system chooses `port` for the next `times` sockets whose port it is to choose, by bind or by
/// connect.
class choosing_port {
 public:
  choosing_port(std::uint16_t port, int times) noexcept;
  choosing_port(choosing_port const&) = delete;
  choosing_port& operator=(choosing_port const&) = delete;
  ~choosing_port();
  /// How many it will still be chosen for.
  [[nodiscard]] static int left() noexcept;
};

/// While it lives, an attacker puts a symbolic link to `target` in the place of each socket's file, right after the
/// bind.
class swapping_for_link {
 public:
  explicit swapping_for_link(char const* target) noexcept;
  swapping_for_link(swapping_for_link const&) = delete;
  swapping_for_link& operator=(swapping_for_link const&) = delete;
  ~swapping_for_link();
};

/// While it lives, clients over Unix-domain sockets are processes of another PID namespace: the kernel reports 0.
class peers_of_other_namespaces {
 public:
  peers_of_other_namespaces() noexcept;
  peers_of_other_namespaces(peers_of_other_namespaces const&) = delete;
  peers_of_other_namespaces& operator=(peers_of_other_namespaces const&) = delete;
  ~peers_of_other_namespaces();
};

/// While it lives, a call sends `most` messages of a batch at most.
class short_batches {
 public:
  explicit short_batches(unsigned most) noexcept;
  short_batches(short_batches const&) = delete;
  short_batches& operator=(short_batches const&) = delete;
  ~short_batches();
};

/// While it lives, this system cannot divide what is handed over as one: a message that asks for it is refused with
/// `error`, and what stands before it in its batch is sent.
class without_segmentation {
 public:
  explicit without_segmentation(int error) noexcept;
  without_segmentation(without_segmentation const&) = delete;
  without_segmentation& operator=(without_segmentation const&) = delete;
  ~without_segmentation();
  /// How many messages have asked for it since.
  [[nodiscard]] static int refused() noexcept;
};

/// How many batches have been handed to the system so far.
[[nodiscard]] int batches_sent() noexcept;

/// While it lives, the wall clock is wrong by what it was last told to be.
class wrong_wall_clock {
 public:
  wrong_wall_clock() = default;
  wrong_wall_clock(wrong_wall_clock const&) = delete;
  wrong_wall_clock& operator=(wrong_wall_clock const&) = delete;
  ~wrong_wall_clock() { be_wrong_by(std::chrono::seconds(0)); }
  void be_wrong_by(std::chrono::seconds offset) noexcept;
};

}  // namespace strait::test
