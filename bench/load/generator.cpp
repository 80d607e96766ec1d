#include "generator.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace {

int check(int result, char const* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

sockaddr_in parse(std::string const& endpoint) {
  auto const colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::invalid_argument("not an IPv4 address and port: " + endpoint);
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  return address;
}

}  // namespace

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

generator::generator(std::string const& endpoint, shape const& wanted)
    : shape_(wanted),
      epoll_(check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      connections_(wanted.connections),
      buffer_(pattern::longest) {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    connections_[i].start = pattern::start_of(i);
    connections_[i].issued_at.resize(shape_.depth);
    connect(connections_[i], endpoint);
  }
}

generator::~generator() {
  for (auto const& one : connections_)
    if (one.fd >= 0) close(one.fd);
  close(epoll_);
}

void generator::connect(connection& one, std::string const& endpoint) {
  auto const address = parse(endpoint);
  one.fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(::connect(one.fd, reinterpret_cast<sockaddr const*>(&address), sizeof address), "connect");
  int const on = 1;
  check(setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(fcntl(one.fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &one;
  check(epoll_ctl(epoll_, EPOLL_CTL_ADD, one.fd, &event), "epoll_ctl");
}

void generator::run_until(std::uint64_t time_ns) {
  unissued_ = no_limit;
  issue_all();
  while (now_ns() < time_ns) poll(10);
}

void generator::run_messages(std::uint64_t messages) {
  unissued_ = messages;
  issue_all();
  while (unissued_ + unanswered_ > 0) poll(1000);
}

void generator::drain() { run_messages(0); }

void generator::issue_all() {
  for (auto& one : connections_) issue(one, now_ns());
}

void generator::issue(connection& one, std::uint64_t now) {
  while (one.issued - one.answered < shape_.depth && unissued_ > 0) {
    one.issued_at[one.issued++ % shape_.depth] = now;
    one.to_send += shape_.message_size;
    ++unanswered_;
    if (unissued_ != no_limit) --unissued_;
  }
  if (!one.awaits_writable) send(one);
}

void generator::poll(int timeout_ms) {
  std::array<epoll_event, 512> events;
  int const count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    auto const& event = events[static_cast<std::size_t>(i)];
    auto& one = *static_cast<connection*>(event.data.ptr);
    if (event.events & EPOLLOUT) send(one);
    if (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) receive(one);
  }
}

void generator::receive(connection& one) {
  auto const result = recv(one.fd, buffer_.data(), buffer_.size(), 0);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
  check(static_cast<int>(result), "recv");
  if (result == 0) throw std::runtime_error("the server closed a connection");

  auto const bytes = std::span(buffer_).first(static_cast<std::size_t>(result));
  if (one.received + bytes.size() > one.sent) throw std::runtime_error("the server sent more than it was sent");
  if (!pattern_.matches(one.start + one.received, bytes))
    throw std::runtime_error("the server sent other bytes than it was sent");
  one.received += bytes.size();

  auto const now = now_ns();
  for (auto const answered = one.received / shape_.message_size; one.answered < answered; --unanswered_)
    latencies_.record(now - one.issued_at[one.answered++ % shape_.depth]);
  issue(one, now);
}

void generator::send(connection& one) {
  while (one.sent < one.to_send) {
    auto const size = std::min<std::uint64_t>(one.to_send - one.sent, pattern::longest);
    auto const piece = pattern_.at(one.start + one.sent, size);
    auto const result = ::send(one.fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0 && errno == EAGAIN) return await_writable(one, true);
    check(static_cast<int>(result), "send");
    one.sent += static_cast<std::uint64_t>(result);
  }
  await_writable(one, false);
}

void generator::await_writable(connection& one, bool wanted) {
  if (one.awaits_writable == wanted) return;
  one.awaits_writable = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &one;
  check(epoll_ctl(epoll_, EPOLL_CTL_MOD, one.fd, &event), "epoll_ctl");
}
