// use_task: awaits any of Asio's asynchronous operations in a task.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <asio/async_result.hpp>

#include "strait/base/error.hpp"
#include "strait/core/task.hpp"
#include "strait/interop/asio_executor.hpp"
#include "strait/interop/detail/asio_wait.hpp"

namespace strait {

/// The completion token `use_task`: makes of an operation of Asio (or of anything that takes Asio's tokens) one that a
/// task can await.
///
///     std::size_t n = co_await asio::async_read(port, asio::buffer(bytes), use_task);
///     auto [socket, endpoint] = …                          // of several results, a tuple; of none, nothing
///
/// - It begins when it is awaited, on the loop of the task that awaits it; in a canceled scope not at all. What it is
///   given by reference (objects, buffers) must be there until it ends.
/// - An `error_code` in front of the results is thrown as `error`, with that code: `asio::error::eof` included.
///   `use_task("read the thermometer")` says what its text begins with; otherwise it is the name of the operation. An
///   `exception_ptr` is rethrown. `as_result` gives either as a value.
/// - A cancel or a `timeout` cancels the operation by Asio's cancellation slot, with `cancellation_type::all`. If it
/// ends
///   with `operation_aborted` then, that is `canceled` (or `timed_out`), and the number of bytes that composed reads
///   and writes have moved by then is in `transferred()`. If it has done its work nevertheless, its result is
///   delivered. An operation that knows no cancellation is waited for.
/// - It allocates no memory of the heap in steady state: what Asio asks for is recycled.
///
/// The objects must be on the loop's own executor (`asio_executor`), so that they belong to its thread. Of an operation
/// that runs on another thread the end comes to the loop; but a cancel must not go there: `shield` it.
///
/// With `asio::as_tuple(use_task)` errors come as values; a cancel is `canceled` all the same. `asio::redirect_error`
/// hides it: the operation then returns, and it is the next await that ends.
class use_task_t {
 public:
  /// The token `use_task`.
  constexpr explicit use_task_t(char const* doing = nullptr) noexcept : doing_(doing) {}

  /// The same with words for messages, a literal or what lives as long: "read the thermometer".
  constexpr use_task_t operator()(char const* doing) const noexcept { return use_task_t(doing); }
  /// What the operation does, for the text of its errors.
  [[nodiscard]] constexpr char const* doing() const noexcept { return doing_; }

  /// For `as_default_on_t`.
  template <class Executor>
  class executor_with_default : public Executor {
   public:
    /// The token of operations that are started without one.
    using default_completion_token_type = use_task_t;
    /// Wraps `executor`.
    template <class E>
      requires(!std::is_same_v<E, executor_with_default> && std::is_convertible_v<E, Executor>)
    executor_with_default(E const& executor) noexcept : Executor(executor) {}
  };
  /// An object whose operations need no token: `use_task_t::as_default_on_t<asio::steady_timer> timer(executor);`
  template <class Object>
  using as_default_on_t =
      typename Object::template rebind_executor<executor_with_default<typename Object::executor_type>>::other;

 private:
  char const* doing_;
};
/// The token that makes an operation of Asio's awaitable in tasks.
inline constexpr use_task_t use_task;

namespace detail {

template <class... T>
struct value_of_results {
  using type = std::tuple<T...>;
};
template <class T>
struct value_of_results<T> {
  using type = T;
};
template <>
struct value_of_results<> {
  using type = void;
};

/// What an await gives of the results of a completion signature: all but an error in front.
template <class... Results>
struct completion : value_of_results<Results...> {
  static constexpr bool has_error = false;
};
template <class... Results>
struct completion<std::error_code, Results...> : value_of_results<Results...> {
  static constexpr bool has_error = true;
};
template <class... Results>
struct completion<std::exception_ptr, Results...> : value_of_results<Results...> {
  static constexpr bool has_error = true;
};

template <class... Results>
std::size_t moved_bytes(std::tuple<Results...> const& results) noexcept {
  if constexpr (std::is_same_v<std::tuple<Results...>, std::tuple<std::error_code, std::size_t>>)
    return std::get<1>(results);
  else return 0;
}

/// As `asio::as_tuple` makes it.
template <class T>
inline constexpr bool is_tuple_with_error_code = false;
template <class... T>
inline constexpr bool is_tuple_with_error_code<std::tuple<std::error_code, T...>> = true;

/// Waits for the operation that `initiation` begins. `Results` are decayed, `Signature` is what Asio calls.
template <class Initiation, class Arguments, class Signature>
class asio_awaiter;
template <class Initiation, class Arguments, class... Parameters>
class asio_awaiter<Initiation, Arguments, void(Parameters...)> final : public asio_wait {
  using results = std::tuple<std::decay_t<Parameters>...>;
  using kind = completion<std::decay_t<Parameters>...>;
  using handler = asio_handler<asio_awaiter, Parameters...>;

 public:
  using value = typename kind::type;

  asio_awaiter(char const* doing, Initiation&& initiation, Arguments&& arguments)
      : asio_wait(doing, typeid(Initiation)), initiation_(std::move(initiation)), arguments_(std::move(arguments)) {}

  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    branch& where = self.promise().current_branch();
    asio_link* const link = begin(where, asio_build());
    if (!link) return where.completed_at_once(self);
    initiate(handler(*link));
    return wait(where, self);
  }

  value await_resume() {
    if (!results_) [[unlikely]]
      fail();
    check_error();
    return std::apply(
        [](auto&... each) -> value {
          if constexpr (kind::has_error) return without_first(each...);
          else return value_of(each...);
        },
        *results_);
  }

 private:
  friend handler;

  void initiate(handler with) {
    std::apply([&](auto&... arguments) { std::move(initiation_)(std::move(with), std::move(arguments)...); },
               arguments_);
  }

  void take(Parameters... parameters) {
    results_.emplace(static_cast<Parameters&&>(parameters)...);
    ended();
  }

  void check_error() const {
    if constexpr (kind::has_error) {
      if (std::get<0>(*results_)) fail(std::get<0>(*results_), moved_bytes(*results_));
    } else if constexpr (sizeof...(Parameters) == 1) {
      using first = std::tuple_element_t<0, results>;
      if constexpr (is_tuple_with_error_code<first>) {
        auto const& given = std::get<0>(*results_);
        if (is_cancel(std::get<0>(given))) throw canceled(moved_bytes(given));
      }
    }
  }

  template <class Error, class... T>
  static value without_first(Error&, T&... rest) {
    return value_of(rest...);
  }
  template <class... T>
  static value value_of(T&... each) {
    if constexpr (!std::is_void_v<value>) return value(std::move(each)...);
  }

  Initiation initiation_;
  Arguments arguments_;
  std::optional<results> results_;
};

}  // namespace detail

/// An operation of Asio's, to be awaited: what an initiating function gives for the token `use_task`.
template <class Signature, class Initiation, class... Arguments>
class [[nodiscard("co_await it: an operation of Asio begins when it is awaited")]] asio_operation {
  using awaiter = detail::asio_awaiter<Initiation, std::tuple<Arguments...>, Signature>;

 public:
  using await_result = typename awaiter::value;

  template <class I, class... A>
  explicit asio_operation(use_task_t token, I&& initiation, A&&... arguments)
      : doing_(token.doing()), initiation_(static_cast<I&&>(initiation)), arguments_(static_cast<A&&>(arguments)...) {}

  awaiter operator co_await() && { return awaiter(doing_, std::move(initiation_), std::move(arguments_)); }

 private:
  char const* doing_;
  Initiation initiation_;
  std::tuple<Arguments...> arguments_;
};

}  // namespace strait

template <class R, class... Parameters>
class asio::async_result<strait::use_task_t, R(Parameters...)> {
 public:
  template <class Initiation, class... Arguments>
  static auto initiate(Initiation&& initiation, strait::use_task_t token, Arguments&&... arguments) {
    return strait::asio_operation<void(Parameters...), std::decay_t<Initiation>, std::decay_t<Arguments>...>(
        token, static_cast<Initiation&&>(initiation), static_cast<Arguments&&>(arguments)...);
  }
};
