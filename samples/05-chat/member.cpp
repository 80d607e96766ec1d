#include "member.hpp"

#include <utility>

#include "chat.hpp"

member::member(chat& in, text_limits queue) : chat_(in), queue_(queue) { chat_.add(*this); }

member::~member() { chat_.remove(*this); }

void member::send(shared_text what) noexcept {
  if (!queue_.is_closed() && !queue_.try_send(std::move(what))) drop();
}

void member::drop() noexcept {
  queue_.close();
  connection_.cancel();
}
