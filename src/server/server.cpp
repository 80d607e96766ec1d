// What the loops of one server share.
#include "strait/server/server.hpp"

#include <algorithm>
#include <utility>

#include "server/server_core.hpp"

namespace strait {
namespace detail {

void server_core::add(serving& loop) {
  std::lock_guard const lock(mutex_);
  loops_.push_back(&loop);
}

void server_core::remove(serving& loop) noexcept {
  std::lock_guard const lock(mutex_);
  std::erase(loops_, &loop);
  loop.add_to(past_);
  past_.cut += std::exchange(past_.active, 0);  // their loop has been destroyed before they had ended
}

bool server_core::take_room() noexcept {
  auto present = present_.load();
  while (options_.max_connections == 0 || present < options_.max_connections)
    if (present_.compare_exchange_weak(present, present + 1)) return true;
  return false;
}

void server_core::give_room_back() noexcept {
  --present_;
  if (waiting_ != 0) wake_all();
}

void server_core::stop() noexcept {
  stopping_ = true;
  wake_all();
}

void server_core::wake_all() noexcept {
  std::lock_guard const lock(mutex_);
  for (serving* const each : loops_) each->wake();
}

server_statistics server_core::statistics() {
  std::lock_guard const lock(mutex_);
  auto sum = past_;
  for (serving const* const each : loops_) each->add_to(sum);
  return sum;
}

}  // namespace detail

server::server(serve_options const& options) : core_(std::make_unique<detail::server_core>(options)) {}
server::~server() = default;

void server::stop() noexcept { core_->stop(); }
bool server::is_stopping() const noexcept { return core_->is_stopping(); }
server_statistics server::statistics() const { return core_->statistics(); }

}  // namespace strait
