#include "client/stop_signal.hpp"

#include <cstddef>
#include <iterator>

namespace samples::upload {

stop_signal::stop_signal() {
  static_assert(std::size(signals) == std::size(former));
  struct sigaction action = {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i != std::size(signals); ++i) {
    ::sigaction(signals[i], nullptr, &former[i]);
    if (former[i].sa_handler != SIG_IGN) ::sigaction(signals[i], &action, nullptr);
  }
}

stop_signal::~stop_signal() {
  for (std::size_t i = 0; i != std::size(signals); ++i) ::sigaction(signals[i], &former[i], nullptr);
}

void stop_signal::on_signal(int signal) noexcept {
  if (received_ == 0) received_ = signal;
  for (std::size_t i = 0; i != std::size(signals); ++i)
    if (signals[i] == signal && former[i].sa_handler != SIG_DFL) former[i].sa_handler(signal);
}

}  // namespace samples::upload
