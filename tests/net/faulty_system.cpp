// Replaces the C library's system calls in this program. They are passed on to the kernel unless a test makes them
// fail.
#include "faulty_system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace strait::test {
namespace {

std::atomic<int> failures_left = 0;
std::atomic<int> error_to_give = 0;
std::atomic<system_call> which_fails{};
std::atomic<bool> has_ipv6 = true;
std::atomic<std::time_t> wall_clock_offset = 0;
std::atomic<unsigned> longest_batch = ~0u;
std::atomic<int> segmentation_error = 0;
std::atomic<int> segments_refused = 0;
std::atomic<int> batches = 0;
std::atomic<int> refused_level = -1;
std::atomic<int> refused_option = -1;
std::atomic<int> refusal = 0;
std::atomic<std::uint16_t> port_to_choose = 0;
std::atomic<int> choices_left = 0;
std::atomic<char const*> link_target = nullptr;
std::atomic<bool> hides_processes = false;

bool fails(system_call which) noexcept {
  if (failures_left == 0 || which_fails != which) return false;
  --failures_left;
  errno = error_to_give;
  return true;
}

/// The port in a sockaddr_in or sockaddr_in6.
in_port_t* port_of(sockaddr* address) noexcept {
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  return &reinterpret_cast<sockaddr_in*>(address)->sin_port;
}

bool is_ip(int family) noexcept { return family == AF_INET || family == AF_INET6; }

int bind_as_told(int descriptor, sockaddr const* address, socklen_t length) noexcept {
  sockaddr_storage chosen{};
  std::memcpy(&chosen, address, std::min(std::size_t{length}, sizeof chosen));
  auto* const port = port_of(reinterpret_cast<sockaddr*>(&chosen));
  if (choices_left > 0 && is_ip(address->sa_family) && *port == 0) {
    --choices_left;
    *port = htons(port_to_choose);
  }
  return static_cast<int>(::syscall(SYS_bind, descriptor, &chosen, length));
}

}  // namespace

failing::failing(system_call which, int error, int times) {
  which_fails = which;
  error_to_give = error;
  failures_left = times;
}
failing::~failing() { failures_left = 0; }
int failing::left() noexcept { return failures_left; }

without_ipv6::without_ipv6() noexcept { has_ipv6 = false; }
without_ipv6::~without_ipv6() { has_ipv6 = true; }

refusing_option::refusing_option(int level, int name, int error) noexcept {
  refused_level = level;
  refused_option = name;
  refusal = error;
}
refusing_option::~refusing_option() { refusal = 0; }

choosing_port::choosing_port(std::uint16_t port, int times) noexcept {
  port_to_choose = port;
  choices_left = times;
}
choosing_port::~choosing_port() { choices_left = 0; }
int choosing_port::left() noexcept { return choices_left; }

swapping_for_link::swapping_for_link(char const* target) noexcept { link_target = target; }
swapping_for_link::~swapping_for_link() { link_target = nullptr; }

peers_of_other_namespaces::peers_of_other_namespaces() noexcept { hides_processes = true; }
peers_of_other_namespaces::~peers_of_other_namespaces() { hides_processes = false; }

short_batches::short_batches(unsigned most) noexcept { longest_batch = most; }
short_batches::~short_batches() { longest_batch = ~0u; }

without_segmentation::without_segmentation(int error) noexcept {
  segmentation_error = error;
  segments_refused = 0;
}
without_segmentation::~without_segmentation() { segmentation_error = 0; }
int without_segmentation::refused() noexcept { return segments_refused; }

int batches_sent() noexcept { return batches; }

void wrong_wall_clock::set_offset(std::chrono::seconds offset) noexcept { wall_clock_offset = offset.count(); }

}  // namespace strait::test

using namespace strait::test;

extern "C" {

int socket(int family, int type, int protocol) noexcept {
  if (family == AF_INET6 && !has_ipv6) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  if (fails(system_call::socket)) return -1;
  return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
}

int bind(int descriptor, sockaddr const* address, socklen_t length) noexcept {
  if (fails(system_call::bind)) return -1;
  int const outcome = bind_as_told(descriptor, address, length);
  if (char const* const target = link_target; target && outcome == 0 && address->sa_family == AF_UNIX) {
    auto const* const path = reinterpret_cast<sockaddr_un const*>(address)->sun_path;
    if (::unlink(path) != 0 || ::symlink(target, path) != 0) return -1;
  }
  return outcome;
}

int connect(int descriptor, sockaddr const* address, socklen_t length) {
  sockaddr_storage here{};
  socklen_t size = sizeof here;
  bool const chooses = choices_left > 0 && is_ip(address->sa_family) &&
                       ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &size) == 0 &&
                       *port_of(reinterpret_cast<sockaddr*>(&here)) == 0;
  if (chooses) bind_as_told(descriptor, reinterpret_cast<sockaddr*>(&here), size);
  return static_cast<int>(::syscall(SYS_connect, descriptor, address, length));
}

int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) noexcept {
  auto const outcome = static_cast<int>(::syscall(SYS_getsockopt, descriptor, level, name, value, size));
  if (outcome == 0 && level == SOL_SOCKET && name == SO_PEERCRED && hides_processes)
    static_cast<ucred*>(value)->pid = 0;
  return outcome;
}

int setsockopt(int descriptor, int level, int name, void const* value, socklen_t size) noexcept {
  if (refusal != 0 && level == refused_level && name == refused_option) {
    errno = refusal;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_setsockopt, descriptor, level, name, value, size));
}

int epoll_ctl(int epoll, int what, int descriptor, epoll_event* event) noexcept {
  if (what == EPOLL_CTL_ADD && fails(system_call::epoll_add)) return -1;
  return static_cast<int>(::syscall(SYS_epoll_ctl, epoll, what, descriptor, event));
}

int accept4(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  if (fails(system_call::accept)) return -1;
  return static_cast<int>(::syscall(SYS_accept4, descriptor, address, length, flags));
}

ssize_t recvfrom(int descriptor, void* bytes, size_t size, int flags, sockaddr* address, socklen_t* length) {
  if (fails(system_call::recvfrom)) return -1;
  return ::syscall(SYS_recvfrom, descriptor, bytes, size, flags, address, length);
}

ssize_t sendto(int descriptor, void const* bytes, size_t size, int flags, sockaddr const* address, socklen_t length) {
  if (fails(system_call::sendto)) return -1;
  return ::syscall(SYS_sendto, descriptor, bytes, size, flags, address, length);
}

int recvmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
  if (fails(system_call::recvmmsg)) return -1;
  return static_cast<int>(::syscall(SYS_recvmmsg, descriptor, messages, count, flags, limit));
}

int sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
  ++batches;
  if (fails(system_call::sendmmsg)) return -1;
  count = std::min(count, longest_batch.load());
  if (int const error = segmentation_error) {
    auto const* const first_to_divide =
        std::find_if(messages, messages + count, [](mmsghdr const& each) { return each.msg_hdr.msg_controllen != 0; });
    if (first_to_divide != messages + count) ++segments_refused;
    if (first_to_divide == messages && count != 0) {
      errno = error;
      return -1;
    }
    count = static_cast<unsigned>(first_to_divide - messages);
  }
  return static_cast<int>(::syscall(SYS_sendmmsg, descriptor, messages, count, flags));
}

int clock_gettime(clockid_t which, timespec* now) noexcept {
  auto const outcome = static_cast<int>(::syscall(SYS_clock_gettime, which, now));
  if (outcome == 0 && which == CLOCK_REALTIME) now->tv_sec += wall_clock_offset;
  return outcome;
}
}
