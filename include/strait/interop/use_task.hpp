// use_task: a completion token with which a task can await any asynchronous operation of Asio.
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

/// The completion token `use_task`: turns an Asio operation, or anything else that takes Asio's completion tokens, into
/// an operation that a task can await.
///
///     std::size_t n = co_await asio::async_read(port, asio::buffer(bytes), use_task);
///     auto [socket, endpoint] = …                          // several results are a tuple, no results are void
///
/// - The operation starts when it is awaited, on the loop of the awaiting task. In a canceled scope it does not start.
///   Objects and buffers that are passed by reference must exist until it has ended.
/// - A leading `error_code` is thrown as `error` with that code; this includes `asio::error::eof`. The message begins
///   with the name of the operation, or with the text in `use_task("read the thermometer")`. An `exception_ptr` is
///   rethrown. `as_result` returns either as a value.
/// - A cancel or a `timeout` cancels the operation through Asio's cancellation slot, with `cancellation_type::all`. If
///   the operation then ends with `operation_aborted`, the await throws `canceled` (or `timed_out`), whose
///   `transferred()` is the number of bytes that a composed read or write has transferred. If it completes all the
///   same, its result is returned. The await ends only when the operation has ended, also if it ignores cancellation.
/// - In steady state it allocates nothing on the heap: the memory that Asio asks for is recycled.
///
/// Asio's objects must use the loop's executor (`asio_executor`), so that they belong to its thread. An operation that
/// runs on another thread resumes the task on its loop, but must be protected with `shield`, because a cancel would not
/// be thread-safe.
///
/// With `asio::as_tuple(use_task)` errors are returned as values, but a cancel is still thrown as `canceled`. With
/// `asio::redirect_error` the canceled operation returns, and the next await throws `canceled`.
class use_task_t {
 public:
  /// The token `use_task`.
  constexpr explicit use_task_t(char const* description = nullptr) noexcept : description_(description) {}

  /// The token with a description for error messages, "read the thermometer". The text is not copied: pass a literal.
  constexpr use_task_t operator()(char const* description) const noexcept { return use_task_t(description); }
  /// The description of the operation, which its error messages begin with; null: they begin with its name.
  [[nodiscard]] constexpr char const* description() const noexcept { return description_; }

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
  char const* description_;
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

  asio_awaiter(char const* description, Initiation&& initiation, Arguments&& arguments)
      : asio_wait(description, typeid(Initiation)),
        initiation_(std::move(initiation)),
        arguments_(std::move(arguments)) {}

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
      : description_(token.description()),
        initiation_(static_cast<I&&>(initiation)),
        arguments_(static_cast<A&&>(arguments)...) {}

  awaiter operator co_await() && { return awaiter(description_, std::move(initiation_), std::move(arguments_)); }

 private:
  char const* description_;
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
