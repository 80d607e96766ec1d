// Selects the sockets of the engine on Asio.
//
// `reactor_sockets` registers operations of its own with Asio's epoll reactor. That is the fastest way, but uses parts
// of Asio that are not public, so it is compiled only with the versions that it is tested with. `portable_sockets` uses
// only the public interface.
#pragma once

#include "engine/asio/which_asio.hpp"

#include <memory>

#include <asio/detail/config.hpp>
#include <asio/version.hpp>

#include "engine/asio/asio_engine.hpp"

#if defined(ASIO_HAS_EPOLL) && !defined(ASIO_HAS_IO_URING_AS_DEFAULT) && !defined(STRAIT_PORTABLE_ENGINE) && \
    ASIO_VERSION >= 102201 && ASIO_VERSION < 103900
#define STRAIT_HAS_REACTOR_SOCKETS 1
#endif

namespace strait::engine::STRAIT_ASIO_ENGINE {

/// Creates the sockets of one engine.
class asio_engine::socket_maker {
 public:
  virtual ~socket_maker() = default;
  virtual socket& attach(int descriptor, short_read meaning) = 0;
  /// Called just before the context is destroyed.
  virtual void context_ends() noexcept {}
};

[[nodiscard]] std::unique_ptr<asio_engine::socket_maker> make_reactor_sockets(asio_engine& engine);
[[nodiscard]] std::unique_ptr<asio_engine::socket_maker> make_portable_sockets(asio_engine& engine);

}  // namespace strait::engine::STRAIT_ASIO_ENGINE
