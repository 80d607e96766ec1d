// reactor_sockets: sockets that are registered directly with Asio's epoll reactor.
//
// Asio's reactor passes each ready descriptor to the scheduler as an operation: a function pointer, with the epoll
// events as its argument. Asio's own operations then lock a mutex and go through queues of handlers. Here the socket
// itself is that operation, so a message costs one indirect call between epoll_wait and recv, and no lock, no queue and
// no memory.
//
// Unlike Asio's, this registration includes EPOLLRDHUP. Only with it may a short read be taken to mean that no more
// data is available, which saves the recv that would return EAGAIN: with edge-triggered events, an end of stream that
// arrives together with the last data causes no event of its own, but it is visible in the event of the data. The same
// holds for EPOLLPRI and urgent data, at which a read ends early.
//
// This file uses the following parts of Asio that are not public. The compiler checks all but the first:
//  - epoll_reactor::run casts epoll_data.ptr to descriptor_state*, and uses only its first base, scheduler_operation. A
//    socket has the same first base. (asio/detail/impl/epoll_reactor.ipp)
//  - epoll_reactor::epoll_fd_, which is private.
//  - scheduler::compensating_work_started, which descriptor_state calls, too: it compensates for the work count
//    that the scheduler decrements after each operation.
#include "engine/asio/sockets.hpp"

#if defined(STRAIT_HAS_REACTOR_SOCKETS)

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

#include <asio/detail/epoll_reactor.hpp>
#include <asio/detail/scheduler.hpp>
#include <asio/detail/scheduler_operation.hpp>

#include "engine/attempt.hpp"

namespace strait::engine::STRAIT_ASIO_ENGINE {
namespace {

// Accesses the private member in the one way the language allows: explicit instantiations are exempt from access
// checks.
using descriptor_member = int asio::detail::epoll_reactor::*;
template <descriptor_member Member>
struct private_member {
  friend int epoll_descriptor_of(asio::detail::epoll_reactor& reactor) { return reactor.*Member; }
};
int epoll_descriptor_of(asio::detail::epoll_reactor& reactor);
template struct private_member<&asio::detail::epoll_reactor::epoll_fd_>;

class reactor_sockets;

// The members used per message share one cache line: with a thousand connections, each line is a cache miss.
class alignas(64) reactor_socket final : public socket, private asio::detail::scheduler_operation {
  using operation = detail::io_operation;

 public:
  explicit reactor_socket(reactor_sockets& owner) noexcept
      : socket(-1), scheduler_operation(&reactor_socket::on_events), owner_(owner) {}

  void open(int descriptor, short_read meaning);

  bool start(operation& what) noexcept override {
    direction& way = way_of(what);
    if (what.what_ == operation::kind::connect) way.is_ready = false;
    if ((way.is_ready || detail::ends_if_full(what)) && try_now(way, what)) return true;
    if (!way.is_watched && !watch_output(what)) return true;
    way.pending = &what;
    return false;
  }

  void cancel(operation& what) noexcept override;

  bool abandon(operation& what) noexcept override {
    direction& way = way_of(what);
    if (way.pending != &what) return false;
    way.pending = nullptr;
    way.is_ready = true;  // the next operation may be of another kind
    return true;
  }

  void close() noexcept override;
  int release() noexcept override;

 private:
  friend class reactor_sockets;

  struct direction {
    operation* pending = nullptr;
    bool is_ready = true;   // an attempt may succeed
    bool is_final = false;  // the end, an error or urgent data was signaled: no further event may follow
    bool is_watched = false;
    bool short_means_drained = true;  // after a short transfer, an event follows as soon as more is possible
  };

  direction& way_of(operation const& what) noexcept { return what.is_output() ? out_ : in_; }

  bool try_now(direction& way, operation& what) noexcept {
    switch (attempt(descriptor_, what)) {
      case attempt_outcome::would_block: way.is_ready = way.is_final = false; return false;
      case attempt_outcome::drained: way.is_ready = way.is_final || !way.short_means_drained; return true;
      case attempt_outcome::ended: return true;
    }
    return true;
  }

  bool watch_output(operation& what) noexcept;
  void on_events(std::uint32_t events) noexcept;
  static void on_events(void* scheduler, scheduler_operation* self, asio::error_code const&, std::size_t events);
  void recycle() noexcept;

  direction in_;
  direction out_;
  reactor_sockets& owner_;
  reactor_socket* next_free_ = nullptr;
  reactor_socket* next_of_all_ = nullptr;
};

/// Keeps closed sockets in memory, for reuse, until its destruction: Asio's queues may still contain an event of one.
class reactor_sockets final : public asio_engine::socket_maker {
 public:
  explicit reactor_sockets(asio_engine& engine)
      : engine_(engine), reactor_(asio::use_service<asio::detail::epoll_reactor>(engine.context())) {
    reactor_.init_task();
    epoll_ = epoll_descriptor_of(reactor_);
  }
  ~reactor_sockets() override {
    while (reactor_socket* const each = all_) {
      all_ = each->next_of_all_;
      delete each;
    }
  }

  socket& attach(int descriptor, short_read meaning) override {
    if (!free_) {
      free_ = new reactor_socket(*this);
      free_->next_of_all_ = std::exchange(all_, free_);
    }
    free_->open(descriptor, meaning);
    return *std::exchange(free_, free_->next_free_);
  }

 private:
  friend class reactor_socket;
  asio_engine& engine_;
  asio::detail::epoll_reactor& reactor_;
  int epoll_;
  reactor_socket* free_ = nullptr;
  reactor_socket* all_ = nullptr;
};

constexpr std::uint32_t input_events = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;

epoll_event event_for(std::uint32_t events, asio::detail::scheduler_operation* target) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = target;
  return event;
}

void reactor_socket::open(int descriptor, short_read meaning) {
  epoll_event event = event_for(input_events, this);
  if (::epoll_ctl(owner_.epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  descriptor_ = descriptor;
  in_ = out_ = {};
  in_.is_watched = true;
  in_.short_means_drained = meaning == short_read::drained;
}

// Output events are requested only when a write first has to wait; most sockets never need them.
bool reactor_socket::watch_output(operation& what) noexcept {
  epoll_event event = event_for(input_events | EPOLLOUT, this);
  out_.is_watched = ::epoll_ctl(owner_.epoll_, EPOLL_CTL_MOD, descriptor_, &event) == 0;
  if (!out_.is_watched) what.error_ = errno;
  return out_.is_watched;
}

void reactor_socket::on_events(void* scheduler, scheduler_operation* self, asio::error_code const&,
                               std::size_t events) {
  if (!scheduler) return;  // the scheduler is being destroyed, and discards its operations
  static_cast<asio::detail::scheduler*>(scheduler)->compensating_work_started();
  static_cast<reactor_socket*>(self)->on_events(static_cast<std::uint32_t>(events));
}

void reactor_socket::on_events(std::uint32_t events) noexcept {
  if (descriptor_ < 0) return;  // closed meanwhile
  if (events & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) in_.is_final = true;
  if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) in_.is_ready = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) out_.is_ready = true;

  // A resumed task may close this socket or destroy the other operation. So the output operation is queued first, and
  // the input operation completes directly, as the last step.
  if (out_.pending && out_.is_ready && try_now(out_, *out_.pending))
    owner_.engine_.owner().ready(*std::exchange(out_.pending, nullptr));
  if (in_.pending && in_.is_ready) {
    in_.pending->prefetch();
    if (try_now(in_, *in_.pending)) std::exchange(in_.pending, nullptr)->io_done();
  }
}

void reactor_socket::cancel(operation& what) noexcept {
  direction& way = way_of(what);
  if (way.pending != &what) return;
  way.pending = nullptr;
  if (!try_now(way, what)) what.error_ = ECANCELED;
  owner_.engine_.owner().ready(what);
}

void reactor_socket::close() noexcept {
  for (direction* way : {&in_, &out_})
    if (operation* const pending = std::exchange(way->pending, nullptr)) {
      pending->error_ = EBADF;
      owner_.engine_.owner().ready(*pending);
    }
  ::close(descriptor_);
  recycle();
}

int reactor_socket::release() noexcept {
  ::epoll_ctl(owner_.epoll_, EPOLL_CTL_DEL, descriptor_, nullptr);
  int const descriptor = descriptor_;
  recycle();
  return descriptor;
}

void reactor_socket::recycle() noexcept {
  descriptor_ = -1;
  next_free_ = std::exchange(owner_.free_, this);
}

}  // namespace

std::unique_ptr<asio_engine::socket_maker> make_reactor_sockets(asio_engine& engine) {
  return std::make_unique<reactor_sockets>(engine);
}

}  // namespace strait::engine::STRAIT_ASIO_ENGINE

#endif
