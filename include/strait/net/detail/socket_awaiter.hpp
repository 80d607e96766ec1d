// What every operation on a socket goes through, from its first attempt to its end.
#pragma once

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/io_operation.hpp"

namespace strait::detail {

/// The base of the awaiters of a socket's operations. The rest is in src/net/socket_awaiter.hpp.
///
/// `Awaiter`, which derives from it, has `socket_`, a pointer to what is behind the socket, which is null when that has
/// been closed; and `take_in`, which says what an attempt has come to. Its destructor drops what still waits.
template <class Awaiter, class Operation = io_operation>
class STRAIT_API socket_awaiter : public Operation {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    return start(self.promise().current_branch(), self);
  }

  /// The socket is closed: ends the operation, unless it has ended or the engine is to end it.
  void socket_closed() noexcept;

 protected:
  /// Who holds an operation that waits.
  enum class state : unsigned char {
    queued,   ///< the loop's queue, for another attempt
    started,  ///< the engine or, when that has ended it, the loop's queue, to take in the result
    aside,    ///< a timer, or another operation that comes first
    ended,    ///< the loop's queue, to resume
  };
  enum class early_end : unsigned char { none, canceled, timed_out };
  /// What an attempt has come to.
  enum class progress : unsigned char {
    done,
    unfinished,  ///< there is more to do
    postponed,   ///< `take_in` has arranged for another attempt
  };

  using Operation::Operation;
  ~socket_awaiter() = default;

  // What an `Awaiter` may have of its own.
  /// There is nothing to do.
  [[nodiscard]] static constexpr bool is_done_already() noexcept { return false; }
  /// An attempt is about to be made.
  static constexpr void prepare() noexcept {}
  /// It is no longer to be set aside.
  static constexpr void recalled() noexcept {}

  void end_early(early_end why) noexcept;
  /// Another attempt in the loop's next turn.
  void try_again_soon(loop_core& loop) noexcept;
  /// The coroutine is destroyed while it waits.
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
