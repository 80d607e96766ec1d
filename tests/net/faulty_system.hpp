// System calls that a test makes fail, for faults that cannot be caused otherwise.
#pragma once

#include <chrono>
#include <cstdint>

namespace strait::test {

enum class system_call { socket, bind, accept, recvfrom, sendto, recvmmsg, sendmmsg, epoll_add };

/// While this object exists, the next `times` calls fail with `error`. Only one may exist at a time.
class failing {
 public:
  failing(system_call which, int error, int times);
  failing(failing const&) = delete;
  failing& operator=(failing const&) = delete;
  ~failing();
  /// The number of calls that are still to fail.
  [[nodiscard]] static int left() noexcept;
};

/// While this object exists, this process cannot create IPv6 sockets.
class without_ipv6 {
 public:
  without_ipv6() noexcept;
  without_ipv6(without_ipv6 const&) = delete;
  without_ipv6& operator=(without_ipv6 const&) = delete;
  ~without_ipv6();
};

/// While this object exists, this option cannot be set: setsockopt fails with `error`.
class refusing_option {
 public:
  refusing_option(int level, int name, int error) noexcept;
  refusing_option(refusing_option const&) = delete;
  refusing_option& operator=(refusing_option const&) = delete;
  ~refusing_option();
};

/// While this object exists, the system chooses `port` for the next `times` sockets that bind or connect without a port
/// of their own.
class choosing_port {
 public:
  choosing_port(std::uint16_t port, int times) noexcept;
  choosing_port(choosing_port const&) = delete;
  choosing_port& operator=(choosing_port const&) = delete;
  ~choosing_port();
  /// For how many sockets the port is still to be chosen.
  [[nodiscard]] static int left() noexcept;
};

/// While this object exists, an attacker replaces each socket's file by a symbolic link to `target` right after the
/// bind.
class swapping_for_link {
 public:
  explicit swapping_for_link(char const* target) noexcept;
  swapping_for_link(swapping_for_link const&) = delete;
  swapping_for_link& operator=(swapping_for_link const&) = delete;
  ~swapping_for_link();
};

/// While this object exists, clients over Unix-domain sockets belong to another PID namespace: the kernel reports
/// process 0.
class peers_of_other_namespaces {
 public:
  peers_of_other_namespaces() noexcept;
  peers_of_other_namespaces(peers_of_other_namespaces const&) = delete;
  peers_of_other_namespaces& operator=(peers_of_other_namespaces const&) = delete;
  ~peers_of_other_namespaces();
};

/// While this object exists, one call sends at most `most` messages of a batch.
class short_batches {
 public:
  explicit short_batches(unsigned most) noexcept;
  short_batches(short_batches const&) = delete;
  short_batches& operator=(short_batches const&) = delete;
  ~short_batches();
};

/// While this object exists, the system does not support UDP_SEGMENT: a message that uses it is refused with `error`,
/// and the messages before it in its batch are sent.
class without_segmentation {
 public:
  explicit without_segmentation(int error) noexcept;
  without_segmentation(without_segmentation const&) = delete;
  without_segmentation& operator=(without_segmentation const&) = delete;
  ~without_segmentation();
  /// The number of messages refused so far.
  [[nodiscard]] static int refused() noexcept;
};

/// The number of batches passed to the system so far.
[[nodiscard]] int batches_sent() noexcept;

/// While this object exists, the wall clock is off by the offset that was last set.
class wrong_wall_clock {
 public:
  wrong_wall_clock() = default;
  wrong_wall_clock(wrong_wall_clock const&) = delete;
  wrong_wall_clock& operator=(wrong_wall_clock const&) = delete;
  ~wrong_wall_clock() { set_offset(std::chrono::seconds(0)); }
  void set_offset(std::chrono::seconds offset) noexcept;
};

}  // namespace strait::test
