// Registration of sockets with event loops.
#include "net/watched_socket.hpp"

#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

namespace strait::detail {

void watched_socket::watch(loop_core& loop, std::string_view advice) {
  if (loop_) throw std::logic_error(fmt::format("strait: {} is used on two loops: {}", name(), advice));
  try {
    watched_ = &loop_of(loop).engine().attach(descriptor_.get(), meaning_of_short_read());
  } catch (std::system_error const& e) {
    throw error(e.code(), fmt::format("add {} to the event loop", name()));
  }
  static_cast<void>(descriptor_.release());
  loop_ = &loop;
  loop_of(loop).users().push_back(*this);
}

void watched_socket::loop_ended() noexcept {
  descriptor_ = unique_descriptor(std::exchange(watched_, nullptr)->release());
  loop_ = nullptr;
}

int watched_socket::release() noexcept {
  return watched_ ? std::exchange(watched_, nullptr)->release() : descriptor_.release();
}

}  // namespace strait::detail
