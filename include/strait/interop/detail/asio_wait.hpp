// A task that waits for an operation of Asio: what does not depend on the operation.
//
// Asio owns the handler that it calls at the end, and may keep it for longer than the awaiter exists, whose task can be
// dropped. So the two know of each other by an `asio_link` only, which goes with the handler, and with it the signal by
// which the operation is canceled: composed operations keep their state in there.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <system_error>
#include <typeinfo>
#include <utility>

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/frame_memory.hpp"
#include "strait/interop/detail/asio_build.hpp"
#include "strait/interop/detail/frame_allocator.hpp"

namespace strait::detail {

class asio_wait;

class STRAIT_API asio_link : public recycled {
 public:
  asio_link(asio_wait& waiting, asio::io_context& context) noexcept : waiting_(&waiting), context_(context) {}

  asio_wait* waiting_;  // null: it has its results, or is gone
  asio::io_context& context_;
  asio::cancellation_signal signal_;

  /// Asks the operation for an early end. It may end in here.
  void call_off();
  /// Whoever has the handler is through with it.
  void handler_gone() noexcept;

 private:
  void release() noexcept {
    if (--users_ == 0) delete this;
  }
  int users_ = 1;
};

/// The base of all awaiters of Asio's operations.
class STRAIT_API asio_wait : public operation {
 public:
  asio_wait(asio_wait const&) = delete;
  asio_wait& operator=(asio_wait const&) = delete;
  static constexpr bool await_ready() noexcept { return false; }

  /// The operation has given its results, or has gone without any; perhaps while it was being initiated.
  void ended() noexcept;

 protected:
  /// `doing` is for messages: null for the name of the initiating function.
  asio_wait(char const* doing, std::type_info const& initiation) noexcept : doing_(doing), initiation_(initiation) {}
  ~asio_wait() {
    if (link_) [[unlikely]]
      drop();
  }

  /// Before the initiation: makes the link that its handler is to own. Null in a canceled scope.
  asio_link* begin(branch& where, asio_build);
  /// Behind it. False: it has ended already.
  bool wait(branch& where, std::coroutine_handle<> self) noexcept;

  /// There are no results.
  [[noreturn]] void fail() const;
  /// What the operation has failed with; `moved` bytes before.
  [[noreturn]] void fail(std::error_code code, std::size_t moved) const;
  [[noreturn]] void fail(std::exception_ptr const& failure, std::size_t moved) const;
  /// Whether `code` says no more than that a cancel had its way.
  [[nodiscard]] bool is_cancel(std::error_code code) const noexcept;

 private:
  void cancel() noexcept override;
  void drop() noexcept;

  char const* const doing_;
  std::type_info const& initiation_;
  asio_link* link_ = nullptr;  // while the operation is under way
  bool is_canceled_ = false;
};

/// What Asio calls at the end. `Awaiter` takes the results.
template <class Awaiter, class... Results>
class asio_handler {
 public:
  using executor_type = asio::io_context::executor_type;
  using allocator_type = frame_allocator<void>;
  using cancellation_slot_type = asio::cancellation_slot;

  explicit asio_handler(asio_link& link) noexcept : link_(&link) {}
  asio_handler(asio_handler&& other) noexcept : link_(std::exchange(other.link_, nullptr)) {}
  ~asio_handler() {
    if (link_) link_->handler_gone();
  }

  void operator()(Results... results) {
    if (asio_wait* const waiting = std::exchange(link_->waiting_, nullptr))
      static_cast<Awaiter*>(waiting)->take(static_cast<Results&&>(results)...);
  }

  [[nodiscard]] executor_type get_executor() const noexcept { return link_->context_.get_executor(); }
  [[nodiscard]] allocator_type get_allocator() const noexcept { return {}; }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return link_->signal_.slot(); }

 private:
  asio_link* link_;
};

}  // namespace strait::detail
