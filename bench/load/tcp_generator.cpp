#include "tcp_generator.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <utility>

#include "socket_call.hpp"

tcp_generator::tcp_generator(std::string const& endpoint, shape const& wanted, pattern bytes)
    : shape_(wanted), pattern_(std::move(bytes)), buffer_(pattern::longest) {
  connections_.reserve(shape_.connections);
  for (std::size_t i = 0; i < shape_.connections; ++i) {
    auto& one = connections_.emplace_back();
    one.index = i;
    one.start = pattern_.start_of(i);
    one.issued_at.resize(shape_.depth);
    connect(one, endpoint);
  }
}

tcp_generator::~tcp_generator() {
  for (auto const& one : connections_)
    if (one.fd >= 0) close(one.fd);
}

void tcp_generator::connect(connection& one, std::string const& endpoint) {
  auto const address = parse(endpoint);
  one.fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(::connect(one.fd, reinterpret_cast<sockaddr const*>(&address), sizeof address), "connect");
  int const on = 1;
  check(setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  check(fcntl(one.fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  watch(EPOLL_CTL_ADD, one.fd, one.index, EPOLLIN);
}

void tcp_generator::issue_all(std::uint64_t now) {
  for (auto& one : connections_) issue(one, now);
}

void tcp_generator::issue(connection& one, std::uint64_t now) {
  while (one.issued - one.answered < shape_.depth && take()) {
    one.issued_at[one.issued++ % shape_.depth] = now;
    one.to_send += shape_.message_size;
  }
  if (!one.awaits_writable) send(one);
}

void tcp_generator::ready(std::size_t index, std::uint32_t events) {
  auto& one = connections_[index];
  if (events & EPOLLOUT) send(one);
  if (events & ~static_cast<std::uint32_t>(EPOLLOUT)) receive(one);
}

void tcp_generator::receive(connection& one) {
  auto const result = recv(one.fd, buffer_.data(), buffer_.size(), 0);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return;
  check(result, "recv");
  if (result == 0) throw std::runtime_error("the server closed a connection");

  auto const bytes = std::span(buffer_).first(static_cast<std::size_t>(result));
  if (one.received + bytes.size() > one.sent) throw std::runtime_error("the server sent more bytes than it was sent");
  if (!pattern_.matches(one.start + one.received, bytes))
    throw std::runtime_error("the server did not return the bytes that it was sent");
  one.received += bytes.size();

  auto const now = now_ns();
  for (auto const whole = one.received / shape_.message_size; one.answered < whole;)
    answered(now - one.issued_at[one.answered++ % shape_.depth]);
  issue(one, now);
}

void tcp_generator::send(connection& one) {
  while (one.sent < one.to_send) {
    auto const size = std::min<std::uint64_t>(one.to_send - one.sent, pattern::longest);
    auto const piece = pattern_.at(one.start + one.sent, size);
    auto const result = ::send(one.fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (result < 0 && errno == EINTR) continue;
    if (result < 0 && errno == EAGAIN) return await_writable(one, true);
    one.sent += static_cast<std::uint64_t>(check(result, "send"));
  }
  await_writable(one, false);
}

void tcp_generator::await_writable(connection& one, bool wanted) {
  if (one.awaits_writable == wanted) return;
  one.awaits_writable = wanted;
  watch(EPOLL_CTL_MOD, one.fd, one.index, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}
