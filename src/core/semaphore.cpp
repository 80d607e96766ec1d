// semaphore: in which order waiting tasks receive permits.
#include "strait/core/semaphore.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace strait {

semaphore_acquire_operation semaphore::acquire(std::size_t n) {
  if (n > total_)
    throw std::logic_error(
        fmt::format("strait: acquiring {} permits of a semaphore that has {} would never complete", n, total_));
  return {*this, n};
}

void semaphore::serve() noexcept {
  while (detail::waiter* const first = queue_.front()) {
    std::size_t const wanted = static_cast<acquire_awaiter*>(first)->count_;
    if (wanted > available_) return;
    available_ -= wanted;
    queue_.end(*first, detail::waiter::outcome::served);
  }
}

// The canceled task may have waited for many permits; there may be enough for the tasks behind it.
void semaphore::acquire_awaiter::cancel() noexcept {
  waiter::cancel();
  from_.serve();
}

void semaphore::acquire_awaiter::drop() noexcept {
  unlink();
  if (outcome_ == outcome::served) from_.give_back(count_);
  else from_.serve();
}

}  // namespace strait
