// The part of awaiting an Asio operation that does not depend on the operation's type.
//
// Asio owns the completion handler and may keep it longer than the awaiter exists, because a task can be destroyed
// while it waits. So handler and awaiter refer to each other only through an `asio_link`. It lives as long as the
// handler, and so does the cancellation signal in it, in which composed operations keep state.
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

  asio_wait* waiting_;  // null: the awaiter has its results, or has been destroyed
  asio::io_context& context_;
  asio::cancellation_signal signal_;

  /// Requests cancellation of the operation, which may complete within the call.
  void request_cancel();
  /// The handler has been destroyed.
  void handler_destroyed() noexcept;

 private:
  void release() noexcept {
    if (--users_ == 0) delete this;
  }
  int users_ = 1;
};

/// The base of all awaiters of Asio operations.
class STRAIT_API asio_wait : public operation {
 public:
  asio_wait(asio_wait const&) = delete;
  asio_wait& operator=(asio_wait const&) = delete;
  static constexpr bool await_ready() noexcept { return false; }

  /// The operation has completed, or its handler was destroyed. Possibly called during the initiation.
  void ended() noexcept;

 protected:
  /// `description` begins error messages; null: the name of the initiating function does.
  asio_wait(char const* description, std::type_info const& initiation) noexcept
      : description_(description), initiation_(initiation) {}
  ~asio_wait() {
    if (link_) [[unlikely]]
      drop();
  }

  /// Before the initiation: creates the link that the handler is to own. Returns null in a canceled scope.
  asio_link* begin(branch& where, asio_build);
  /// After the initiation. Returns false if the operation has already ended.
  bool wait(branch& where, std::coroutine_handle<> self) noexcept;

  /// Throws the error for a handler that was destroyed without being called.
  [[noreturn]] void fail() const;
  /// Throws the operation's error; `moved` bytes were transferred before it.
  [[noreturn]] void fail(std::error_code code, std::size_t moved) const;
  [[noreturn]] void fail(std::exception_ptr const& failure, std::size_t moved) const;
  /// Whether `code` is only the effect of a cancel.
  [[nodiscard]] bool is_cancel(std::error_code code) const noexcept;

 private:
  void cancel() noexcept override;
  void drop() noexcept;

  char const* const description_;
  std::type_info const& initiation_;
  asio_link* link_ = nullptr;  // while the operation is in progress
  bool is_canceled_ = false;
};

/// The completion handler, which passes the results to `Awaiter`.
template <class Awaiter, class... Results>
class asio_handler {
 public:
  using executor_type = asio::io_context::executor_type;
  using allocator_type = frame_allocator<void>;
  using cancellation_slot_type = asio::cancellation_slot;

  explicit asio_handler(asio_link& link) noexcept : link_(&link) {}
  asio_handler(asio_handler&& other) noexcept : link_(std::exchange(other.link_, nullptr)) {}
  ~asio_handler() {
    if (link_) link_->handler_destroyed();
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
