// watched_socket: what stands behind every public socket.
#pragma once

#include <string>
#include <string_view>

#include "core/loop.hpp"
#include "engine/engine.hpp"
#include "net/descriptor.hpp"

namespace strait::detail {

/// A descriptor, which a loop watches from its first operation on; when that loop ends, it can go on on another.
class watched_socket : public loop_user {
 public:
  /// From here on `descriptor` is this socket's to close.
  void own(int descriptor) noexcept { descriptor_ = unique_descriptor(descriptor); }

  [[nodiscard]] engine::socket& watched() const noexcept { return *watched_; }
  [[nodiscard]] int native_handle() const noexcept { return watched_ ? watched_->native_handle() : descriptor_.get(); }
  [[nodiscard]] int release() noexcept;

  // What a kind of socket may have of its own, for `socket_awaiter`.
  /// Whether an operation may begin, or others of its kind come first.
  template <class Awaiter>
  [[nodiscard]] static constexpr bool is_free_for(Awaiter const&) noexcept {
    return true;
  }
  /// An operation was done at once.
  template <class Awaiter>
  static constexpr void moved_at_once(Awaiter const&) noexcept {}

 protected:
  watched_socket() = default;
  /// Closes.
  ~watched_socket() {
    if (watched_) watched_->close();
  }

  /// Has `loop` watch it. Throws `std::logic_error` if another does, with what is to be done about that.
  void watch(loop_core& loop, std::string_view advice);
  [[nodiscard]] virtual engine::short_read meaning_of_short_read() const noexcept {
    return engine::short_read::drained;
  }
  /// "the stream with 127.0.0.1:5000"
  [[nodiscard]] virtual std::string name() const = 0;

  void loop_ended() noexcept override;

  engine::socket* watched_ = nullptr;
  loop_core* loop_ = nullptr;  // that which watches it

 private:
  unique_descriptor descriptor_;  // until one does
};

}  // namespace strait::detail
