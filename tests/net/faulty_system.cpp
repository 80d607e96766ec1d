// The system calls of this program: they take the place of the C library's, and go on to the kernel unless told to
// fail.
#include "faulty_system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>

#include <sys/socket.h>
#include <sys/syscall.h>
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

bool fails(system_call which) noexcept {
  if (failures_left == 0 || which_fails != which) return false;
  --failures_left;
  errno = error_to_give;
  return true;
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

short_batches::short_batches(unsigned most) noexcept { longest_batch = most; }
short_batches::~short_batches() { longest_batch = ~0u; }

without_segmentation::without_segmentation(int error) noexcept {
  segmentation_error = error;
  segments_refused = 0;
}
without_segmentation::~without_segmentation() { segmentation_error = 0; }
int without_segmentation::refused() noexcept { return segments_refused; }

int batches_sent() noexcept { return batches; }

void wrong_wall_clock::be_wrong_by(std::chrono::seconds offset) noexcept { wall_clock_offset = offset.count(); }

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
  return static_cast<int>(::syscall(SYS_bind, descriptor, address, length));
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
