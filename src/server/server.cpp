// The state that the loops of one server share.
#include "strait/server/server.hpp"

#include <algorithm>
#include <utility>

#include "server/server_core.hpp"

namespace strait {
namespace detail {

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

template int run_for_status(task<server_statistics> (*make)(void* context), void* context) noexcept;

}  // namespace detail

server::server(serve_options const& options) : core_(new detail::server_core(options)) {}
server::~server() = default;

void server::stop() noexcept { core_->stop(); }
bool server::is_stopping() const noexcept { return core_->is_stopping(); }
server_statistics server::statistics() const { return core_->statistics(); }

}  // namespace strait
