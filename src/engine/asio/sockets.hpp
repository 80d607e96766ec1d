// Which sockets the engine on Asio uses.
//
// `reactor_sockets` puts operations of its own into Asio's epoll reactor: the fastest way, through parts of Asio that
// are not its public interface, and so only with the versions that it is tested with. `portable_sockets` is written
// against the public interface alone.
#pragma once

#include <memory>

#include <asio/detail/config.hpp>
#include <asio/version.hpp>

#include "engine/asio/asio_engine.hpp"

#if defined(ASIO_HAS_EPOLL) && !defined(ASIO_HAS_IO_URING_AS_DEFAULT) && !defined(STRAIT_PORTABLE_ENGINE) && \
    ASIO_VERSION >= 102201 && ASIO_VERSION < 103900
#define STRAIT_HAS_REACTOR_SOCKETS 1
#endif

namespace strait::engine {

/// Makes the sockets of one engine.
class asio_engine::socket_maker {
 public:
  virtual ~socket_maker() = default;
  virtual socket& attach(int descriptor, short_read meaning) = 0;
  /// The last moment at which the context is there.
  virtual void context_ends() noexcept {}
};

[[nodiscard]] std::unique_ptr<asio_engine::socket_maker> make_reactor_sockets(asio_engine& engine);
[[nodiscard]] std::unique_ptr<asio_engine::socket_maker> make_portable_sockets(asio_engine& engine);

}  // namespace strait::engine
