// watched_socket: the base of the objects behind public sockets.
#pragma once

#include <string>
#include <string_view>

#include "core/loop.hpp"
#include "engine/engine.hpp"
#include "net/descriptor.hpp"

namespace strait::detail {

/// A descriptor that is registered with a loop from its first operation on. When that loop ends, it can be used on
/// another one.
class watched_socket : public loop_user {
 public:
  /// Takes ownership of `descriptor`.
  void own(int descriptor) noexcept { descriptor_ = unique_descriptor(descriptor); }

  [[nodiscard]] engine::socket& watched() const noexcept { return *watched_; }
  [[nodiscard]] int native_handle() const noexcept { return watched_ ? watched_->native_handle() : descriptor_.get(); }
  [[nodiscard]] int release() noexcept;

  // Hooks for `socket_awaiter`, which a kind of socket may replace.
  /// Whether an operation may begin, or must wait for others of its kind.
  template <class Awaiter>
  [[nodiscard]] static constexpr bool is_free_for(Awaiter const&) noexcept {
    return true;
  }
  /// An operation completed without waiting.
  template <class Awaiter>
  static constexpr void moved_at_once(Awaiter const&) noexcept {}

 protected:
  watched_socket() = default;
  /// Closes the socket.
  ~watched_socket() {
    if (watched_) watched_->close();
  }

  /// Registers the socket with `loop`. Throws `std::logic_error` with `advice` if it is registered with another one.
  void watch(loop_core& loop, std::string_view advice);
  [[nodiscard]] virtual engine::short_read meaning_of_short_read() const noexcept {
    return engine::short_read::drained;
  }
  /// "the stream with 127.0.0.1:5000"
  [[nodiscard]] virtual std::string name() const = 0;

  void loop_ended() noexcept override;

  engine::socket* watched_ = nullptr;
  loop_core* loop_ = nullptr;  // the loop that it is registered with

 private:
  unique_descriptor descriptor_;  // owned here until it is registered
};

}  // namespace strait::detail
