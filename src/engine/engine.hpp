// The seam: what `core` and `net` ask of an engine. Nothing above it knows which engine there is.
//
// An engine belongs to one thread, that which calls `run`. Only `request_turn` may be called from others.
#pragma once

#include <cstdint>
#include <memory>

#include "strait/core/detail/io_operation.hpp"
#include "strait/core/detail/timer.hpp"

namespace strait::engine {

/// A non-blocking socket (or other pollable descriptor) that an engine watches. Owns the descriptor.
///
/// At most one operation per direction is under way: `read`, `accept` and `wait_readable` in one, `write` and `connect`
/// in the other.
class socket {
 public:
  socket(socket const&) = delete;
  socket& operator=(socket const&) = delete;

  /// Tries `operation` at once. True: it has ended, and the result is in it. False: it is remembered, and `io_done`
  /// follows when there is a result.
  virtual bool start(detail::io_operation& operation) noexcept = 0;

  /// Ends an operation that is under way: `io_done` follows soon, with ECANCELED, or with a result if there was one to
  /// be had: what has come is never left out.
  virtual void cancel(detail::io_operation& operation) noexcept = 0;

  /// Forgets an operation, whose `io_done` does not follow. False: it has ended already, and is in the client's queue;
  /// only what is about to be destroyed may be taken out of that.
  virtual bool abandon(detail::io_operation& operation) noexcept = 0;

  /// Closes the descriptor; operations under way end with EBADF, and `this` is gone.
  virtual void close() noexcept = 0;

  /// Gives up the descriptor, which stays open; no operation may be under way. `this` is gone.
  virtual int release() noexcept = 0;

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

 protected:
  explicit socket(int descriptor) noexcept : descriptor_(descriptor) {}
  ~socket() = default;
  int descriptor_;
};

/// What it means that a read has not filled its buffer.
enum class short_read : bool {
  drained,        ///< there was no more
  tells_nothing,  ///< unix(7): it also ends where a descriptor was passed along
};

class engine {
 public:
  /// What an engine calls.
  class client {
   public:
    /// Follows `request_turn`, and comes when the alarm is due.
    virtual void turn() noexcept = 0;
    /// Runs `item` in the next turn.
    virtual void ready(detail::work& item) noexcept = 0;

   protected:
    ~client() = default;
  };

  virtual ~engine() = default;

  /// Dispatches until `stop`.
  virtual void run() = 0;
  virtual void stop() noexcept = 0;

  // Neither of these can fail: what they need has been reserved.
  /// Has `client::turn` called soon. From any thread.
  virtual void request_turn() noexcept = 0;
  /// Has `client::turn` called at `when`; replaces the alarm set before.
  virtual void set_alarm(clock::time_point when) noexcept = 0;

  [[nodiscard]] virtual clock::time_point now() const noexcept = 0;
  /// The same clock in nanoseconds; cheaper, and up to some milliseconds late.
  [[nodiscard]] virtual std::int64_t coarse_now() const noexcept = 0;

  /// Takes over `descriptor`, which must be non-blocking. On failure throws `std::system_error`, and the descriptor
  /// stays the caller's.
  [[nodiscard]] virtual socket& attach(int descriptor, short_read meaning = short_read::drained) = 0;
};

/// The engine on Asio.
[[nodiscard]] std::unique_ptr<engine> make_engine(engine::client& client);

}  // namespace strait::engine
