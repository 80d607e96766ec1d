// as_result: returns an error as a value instead of throwing it.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <system_error>
#include <type_traits>
#include <utility>

#include "strait/base/result.hpp"
#include "strait/core/task.hpp"

namespace strait {
namespace detail {

/// An awaiter that can return its error without throwing it.
template <class Awaiter, class T>
concept returns_result = requires(Awaiter& awaiter) {
  { awaiter.await_as_result() } -> std::same_as<result<T>>;
};

template <class A>
class as_result_awaiter {
  using value = await_result_t<A>;
  using inner_awaiter = decltype(std::declval<A>().operator co_await());

 public:
  explicit as_result_awaiter(A&& what) : inner_(static_cast<A&&>(what).operator co_await()) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  auto await_suspend(std::coroutine_handle<P> self) {
    return inner_.await_suspend(self);
  }
  result<value> await_resume() {
    if constexpr (returns_result<inner_awaiter, value>) {
      return inner_.await_as_result();
    } else {
      try {
        if constexpr (std::is_void_v<value>) {
          inner_.await_resume();
          return {};
        } else {
          return inner_.await_resume();
        }
      } catch (std::system_error const& e) {
        return {e.code(), std::current_exception()};
      }
    }
  }

 private:
  inner_awaiter inner_;
};

}  // namespace detail

/// Returned by `as_result`; await it once.
template <awaitable A>
class [[nodiscard("co_await it")]] as_result_operation {
 public:
  /// The type of the `co_await` expression.
  using await_result = result<await_result_t<A>>;
  /// Called by `as_result`.
  explicit as_result_operation(A&& what) : what_(std::move(what)) {}
  /// Starts the operation.
  detail::as_result_awaiter<A> operator co_await() && { return detail::as_result_awaiter<A>(std::move(what_)); }

 private:
  A what_;
};

/// Awaits `what` and returns a `result<T>`, which holds its value or the `std::system_error` that it would have thrown.
/// `canceled` and all other exceptions are still thrown.
template <awaitable A>
auto as_result(A&& what) {
  static_assert(!std::is_lvalue_reference_v<A>,
                "strait: as_result consumes the task: write as_result(std::move(task))");
  return as_result_operation<std::remove_cvref_t<A>>(std::move(what));
}

}  // namespace strait
