// Where loops get their engines from.
#include "engine/engine.hpp"

#include <atomic>

#include "base/standard_streams.hpp"

namespace strait::engine {
namespace on_private_asio {

std::unique_ptr<engine> make_engine(engine::client& client);

}  // namespace on_private_asio

namespace {

constinit std::atomic<engine_maker> maker = &on_private_asio::make_engine;

}  // namespace

// The standard streams are opened first, so that the engine's own descriptors do not take their numbers.
std::unique_ptr<engine> make_engine(engine::client& client) {
  detail::open_standard_streams();
  return maker.load(std::memory_order_acquire)(client);
}

void set_engine_maker(engine_maker new_maker) noexcept { maker.store(new_maker, std::memory_order_release); }

}  // namespace strait::engine
