// The life of every operation on a socket, from its first attempt to its end.
#pragma once

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/io_operation.hpp"

namespace strait::detail {

/// The base of the awaiters of a socket's operations. Its implementation is in src/net/socket_awaiter.hpp.
///
/// The derived `Awaiter` has `socket_`, a pointer to the object behind the public socket, null when that has been
/// closed; and `take_in`, which evaluates the result of an attempt. Its destructor calls `drop` if the operation still
/// waits.
template <class Awaiter, class Operation = io_operation>
class STRAIT_API socket_awaiter : public Operation {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }

  /// The socket has been closed: ends the operation, unless it has ended already or the engine is about to end it.
  void socket_closed() noexcept;

 protected:
  /// What will continue an operation that waits.
  enum class state : unsigned char {
    queued,   ///< the loop's queue, which makes another attempt
    started,  ///< the engine or, once the engine has ended it, the loop's queue, which evaluates the result
    aside,    ///< a timer, or another operation that comes first
    ended,    ///< the loop's queue, which resumes the coroutine
  };
  enum class early_end : unsigned char { none, canceled, timed_out };
  /// The result of an attempt.
  enum class progress : unsigned char {
    done,
    unfinished,  ///< there is more to do
    postponed,   ///< `take_in` has arranged for another attempt
  };

  using Operation::Operation;
  ~socket_awaiter() = default;

  // Hooks that an `Awaiter` may replace.
  /// Whether there is nothing to do.
  [[nodiscard]] static constexpr bool is_done_already() noexcept { return false; }
  /// Called before each attempt.
  static constexpr void prepare() noexcept {}
  /// Called when the operation no longer waits in state `aside`.
  static constexpr void recalled() noexcept {}

  void end_early(early_end why) noexcept;
  /// Makes another attempt in the loop's next turn.
  void try_again_soon(loop_core& loop) noexcept;
  /// The coroutine is destroyed while the operation waits.
  void drop() noexcept;

  state state_ = state::queued;
  early_end early_end_ = early_end::none;

 private:
  Awaiter& self() noexcept { return static_cast<Awaiter&>(*this); }

  bool start(branch& where, std::coroutine_handle<> self);
  bool advance(loop_core& loop) noexcept;
  void end() noexcept;
  void finish_with(int code) noexcept;

  void io_done() noexcept final;
  void run_work() noexcept final;
  void cancel() noexcept final { end_early(early_end::canceled); }
};

}  // namespace strait::detail
