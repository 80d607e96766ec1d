// The part of a datagram server that its loops share: stopping, and the sum of their counters.
#include "strait/server/datagram_server.hpp"

#include "server/datagram_server_core.hpp"

namespace strait {
template <class Endpoint>
basic_datagram_server<Endpoint>::basic_datagram_server(options const& with)
    : options_(with),
      core_(new detail::datagram_server_core(
          {with.max_handlers, with.max_datagram_size, with.handler_timeout, with.drain, with.on_drain})) {}
template <class Endpoint>
basic_datagram_server<Endpoint>::~basic_datagram_server() = default;

template <class Endpoint>
void basic_datagram_server<Endpoint>::stop() noexcept {
  core_->stop();
}
template <class Endpoint>
bool basic_datagram_server<Endpoint>::is_stopping() const noexcept {
  return core_->is_stopping();
}
template <class Endpoint>
datagram_statistics basic_datagram_server<Endpoint>::statistics() const {
  return core_->statistics();
}

template class basic_datagram_server<endpoint>;
template class basic_datagram_server<local::endpoint>;

}  // namespace strait
