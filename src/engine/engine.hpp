// engine: the interface through which `core` and `net` use the operating system. No code above it depends on which
// engine implements it.
//
// An engine belongs to the thread that calls `run`. Only `request_turn` may be called from other threads.
#pragma once

#include <cstdint>
#include <memory>

#include "strait/base/export.hpp"
#include "strait/core/detail/io_operation.hpp"
#include "strait/core/detail/timer.hpp"

namespace strait::engine {

/// A non-blocking socket (or other pollable descriptor) that an engine watches. Owns the descriptor.
///
/// At most one operation per direction may be in progress: `read`, `accept` and `wait_readable` are input, `write` and
/// `connect` are output.
class socket {
 public:
  socket(socket const&) = delete;
  socket& operator=(socket const&) = delete;

  /// Tries `operation` immediately. Returns true if it has completed or failed, with the result in it; false if it is
  /// pending, and `io_done` will be called when it has a result.
  virtual bool start(detail::io_operation& operation) noexcept = 0;

  /// Cancels an operation that is in progress: `io_done` is called soon, with ECANCELED, or with a result if a last
  /// attempt had one. Data that has arrived is never lost.
  virtual void cancel(detail::io_operation& operation) noexcept = 0;

  /// Detaches an operation; its `io_done` will not be called. Returns false if it has already ended and is in the
  /// client's queue; it may be removed from that queue only if it is about to be destroyed.
  virtual bool abandon(detail::io_operation& operation) noexcept = 0;

  /// Closes the descriptor and destroys `this`; operations in progress end with EBADF.
  virtual void close() noexcept = 0;

  /// Returns the descriptor, which stays open, and destroys `this`. No operation may be in progress.
  virtual int release() noexcept = 0;

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

 protected:
  explicit socket(int descriptor) noexcept : descriptor_(descriptor) {}
  ~socket() = default;
  int descriptor_;
};

/// What a read that has not filled its buffer means.
enum class short_read : bool {
  drained,       ///< no more data was available
  inconclusive,  ///< more data may be available: a read also ends where a descriptor was passed, unix(7)
};

class engine {
 public:
  /// The interface that an engine calls; implemented by the loop.
  class client {
   public:
    /// Called after `request_turn`, and when the alarm is due.
    virtual void turn() noexcept = 0;
    /// Queues `item` to be run in the next turn.
    virtual void ready(detail::work& item) noexcept = 0;

   protected:
    ~client() = default;
  };

  virtual ~engine() = default;

  /// Runs until `stop` is called.
  virtual void run() = 0;
  virtual void stop() noexcept = 0;

  // Neither of these can fail, because their memory has been reserved.
  /// Requests a call of `client::turn`. May be called from any thread.
  virtual void request_turn() noexcept = 0;
  /// Requests a call of `client::turn` at `when`; replaces the alarm that was set before.
  virtual void set_alarm(clock::time_point when) noexcept = 0;

  /// The time of the engine's clock.
  [[nodiscard]] virtual clock::time_point now() const noexcept = 0;
  /// The same clock in nanoseconds; cheaper to read, and up to a few milliseconds behind.
  [[nodiscard]] virtual std::int64_t coarse_now() const noexcept = 0;

  /// Takes ownership of `descriptor`, which must be non-blocking. On failure throws `std::system_error`, and the caller
  /// keeps the descriptor.
  [[nodiscard]] virtual socket& attach(int descriptor, short_read meaning = short_read::drained) = 0;
};

/// Creates the engine of a new loop.
[[nodiscard]] std::unique_ptr<engine> make_engine(engine::client& client);

/// Sets the function that `make_engine` calls. By default it creates engines on the library's private copy of Asio.
using engine_maker = std::unique_ptr<engine> (*)(engine::client& client);
STRAIT_API void set_engine_maker(engine_maker maker) noexcept;

}  // namespace strait::engine
