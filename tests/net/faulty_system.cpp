// The system calls of this program: they take the place of the C library's, and go on to the kernel unless told to
// fail.
#include "faulty_system.hpp"

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

int clock_gettime(clockid_t which, timespec* now) noexcept {
  auto const outcome = static_cast<int>(::syscall(SYS_clock_gettime, which, now));
  if (outcome == 0 && which == CLOCK_REALTIME) now->tv_sec += wall_clock_offset;
  return outcome;
}
}
