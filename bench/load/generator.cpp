#include "generator.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "socket_call.hpp"

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

generator::generator() : epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

generator::~generator() { close(epoll_); }

void generator::run_until(std::uint64_t time_ns) {
  unissued_ = no_limit;
  issue_all(now_ns());
  while (now_ns() < time_ns) poll();
}

void generator::run_messages(std::uint64_t messages) {
  unissued_ = messages;
  issue_all(now_ns());
  while (unissued_ + unanswered_ > 0) poll();
}

void generator::drain() { run_messages(0); }

void generator::watch(int operation, int fd, std::size_t index, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = index;
  check(epoll_ctl(epoll_, operation, fd, &event), "epoll_ctl");
}

bool generator::take() {
  if (unissued_ == 0) return false;
  if (unissued_ != no_limit) --unissued_;
  ++unanswered_;
  return true;
}

void generator::answered(std::uint64_t nanoseconds) {
  --unanswered_;
  seen_.latencies.record(nanoseconds);
}

void generator::poll() {
  std::array<epoll_event, 512> events;
  int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
  for (int i = 0; i < count; ++i) {
    auto const& event = events[static_cast<std::size_t>(i)];
    ready(event.data.u64, event.events);
  }
  tick();
}
