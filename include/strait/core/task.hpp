// task<T>: a coroutine that other coroutines await.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>

#include "strait/base/export.hpp"
#include "strait/core/detail/branch.hpp"
#include "strait/core/detail/frame_memory.hpp"

namespace strait {

template <class T = void>
class task;

/// A type that a task can await: tasks, and the operations of this library.
template <class A>
concept awaitable = requires { typename std::remove_cvref_t<A>::await_result; };

/// The type of the expression `co_await a`, for an `a` of type `A`.
template <awaitable A>
using await_result_t = typename std::remove_cvref_t<A>::await_result;

namespace detail {

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

class task_access;

/// Throws `std::logic_error`: the task has already been consumed.
[[noreturn]] STRAIT_API void throw_consumed();

/// The base of the awaiter of a task, in the frame of the awaiting task. Owns the awaited task.
class awaited_task {
 public:
  explicit awaited_task(std::coroutine_handle<> task) noexcept : task_(task) {}
  awaited_task(awaited_task const&) = delete;
  awaited_task& operator=(awaited_task const&) = delete;
  ~awaited_task() { destroy(); }

 protected:
  std::coroutine_handle<> task_;
  std::coroutine_handle<> continuation_;  // resumes when `task_` has ended

 private:
  friend class branch;
  friend class promise_base;
  void destroy() noexcept {
    auto const task = task_;
    task_ = nullptr;
    if (task) task.destroy();
  }
};

class promise_base : public recycled {
 public:
  promise_base() = default;
  promise_base(promise_base const&) = delete;
  promise_base& operator=(promise_base const&) = delete;

  std::suspend_always initial_suspend(std::source_location where = std::source_location::current()) noexcept {
    where_ = where;
    return {};
  }

  struct final_awaiter {
    static constexpr bool await_ready() noexcept { return false; }
    template <class P>
    static void await_suspend(std::coroutine_handle<P> self) noexcept {
      self.promise().end();
    }
    static void await_resume() noexcept {}
  };
  final_awaiter final_suspend() noexcept { return {}; }

  void unhandled_exception() noexcept {
    exception_ = std::current_exception();
    static_cast<void>(branch_->core().spend(loop_core::operation_cost));
  }

  template <class A>
  decltype(auto) await_transform(A&& what, std::source_location where = std::source_location::current()) {
    static_assert(awaitable<A>,
                  "strait: a task can await only tasks and strait's own operations; "
                  "use an adapter (strait/interop/) for operations of Asio, and on_thread_pool for blocking calls");
    if constexpr (awaitable<A>) {
      static_assert(!(is_task<std::remove_cvref_t<A>> && std::is_lvalue_reference_v<A>),
                    "strait: awaiting a task consumes it: write co_await std::move(task)");
      where_ = where;
      since_ = 0;
      return static_cast<A&&>(what).operator co_await();
    } else {
      return std::suspend_never{};
    }
  }

  /// Makes the task the innermost of the branch `where`. When it ends, `outer`, which awaits it through `awaiter`,
  /// resumes; if these are null, the branch has finished.
  void begin(branch& where, promise_base* outer, std::coroutine_handle<> self, awaited_task* awaiter) noexcept {
    branch_ = &where;
    outer_ = outer;
    awaiter_ = awaiter;
    where.innermost_ = this;
    where.to_resume_ = self;
  }

  [[nodiscard]] branch& current_branch() const noexcept { return *branch_; }
  /// The exception that the task has thrown; null if there is none.
  [[nodiscard]] std::exception_ptr const& exception() const noexcept { return exception_; }

 protected:
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  friend class branch;
  friend class task_dump;

  [[nodiscard]] bool has_awaited() const noexcept { return since_ >= 0; }

  void end() noexcept {
    branch_->innermost_ = outer_;
    branch_->to_resume_ = awaiter_ ? awaiter_->continuation_ : nullptr;
  }

  branch* branch_ = nullptr;
  promise_base* outer_ = nullptr;  // the task that awaits this one
  awaited_task* awaiter_ = nullptr;
  std::source_location where_;  // the last await or, before the first one, the function
  std::int64_t since_ = -1;     // when the branch suspended in that await; 0: not yet; -1: no await yet
  std::exception_ptr exception_;
};

template <class T>
class promise final : public promise_base {
 public:
  promise() noexcept {}
  ~promise() {
    if (has_value_) value_.~T();
  }
  task<T> get_return_object() noexcept;

  template <class U = T>
    requires std::is_constructible_v<T, U>
  void return_value(U&& value) {
    ::new (static_cast<void*>(&value_)) T(static_cast<U&&>(value));
    has_value_ = true;
  }
  T take() {
    rethrow();
    return static_cast<T&&>(value_);
  }

 private:
  bool has_value_ = false;
  union {
    T value_;
  };
};

template <class T>
class promise<T&> final : public promise_base {
 public:
  task<T&> get_return_object() noexcept;
  void return_value(T& value) noexcept { value_ = &value; }
  T& take() {
    rethrow();
    return *value_;
  }

 private:
  T* value_ = nullptr;
};

template <>
class promise<void> final : public promise_base {
 public:
  inline task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() { rethrow(); }
};

template <class T>
class task_awaiter final : public awaited_task {
 public:
  explicit task_awaiter(std::coroutine_handle<promise<T>> child) noexcept : awaited_task(child) {}

  [[nodiscard]] static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  void await_suspend(std::coroutine_handle<P> parent) noexcept {
    continuation_ = parent;
    child().begin(parent.promise().current_branch(), &parent.promise(), task_, this);
  }
  T await_resume() { return child().take(); }

 private:
  [[nodiscard]] promise<T>& child() const noexcept {
    return std::coroutine_handle<promise<T>>::from_address(task_.address()).promise();
  }
};

}  // namespace detail

/// A coroutine that other coroutines await. Move-only.
///
/// A task is lazy: calling a coroutine function creates the task, and awaiting the task runs it. It is awaited once,
/// and delivers its value or its exception to the awaiting task, from which it inherits the event loop and the cancel
/// scope. A task that is never awaited never runs. If a task is destroyed while it waits, the operation that it is
/// waiting for is canceled.
///
/// A task runs on one thread, that of its loop. The memory of its frame is recycled (frames of up to 16 KiB).
///
/// Objects that a coroutine takes by reference must outlive it. The captures of a lambda coroutine are stored in the
/// lambda, not in the coroutine: keep the lambda alive (`with_task_group`, `spawn(lambda, arguments…)` and
/// `run(lambda)` do), or pass what it needs as parameters.
///
/// g++ 12 destroys a lambda twice that is created inside a `co_await` expression and has a capture with a destructor,
/// as in `co_await on_thread_pool([path] { … })`. Store such a lambda in a variable first. Captures by reference and
/// captured numbers and pointers are safe; clang is not affected, nor is `spawn`, which is not awaited.
template <class T>
class [[nodiscard("a task that is not awaited, spawned or run does nothing")]] task {
 public:
  /// The coroutine's promise.
  using promise_type = detail::promise<T>;
  /// The type of the `co_await` expression.
  using await_result = T;

  /// Takes over the coroutine from `other`, which is then empty.
  task(task&& other) noexcept : handle_(other.release()) {}
  /// Exchanges the coroutines.
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  /// Destroys the coroutine, if the task has not been consumed.
  ~task() {
    if (handle_) handle_.destroy();
  }

  /// Runs the task, and completes with its value or its exception when it has ended. Throws `std::logic_error` if the
  /// task has already been consumed.
  detail::task_awaiter<T> operator co_await() && {
    if (!handle_) [[unlikely]]
      detail::throw_consumed();
    return detail::task_awaiter<T>(release());
  }

  /// False if the task has been consumed: awaited, spawned, run or moved from.
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  template <class>
  friend class detail::promise;
  friend class detail::task_access;
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  // std::exchange would take longer to compile.
  std::coroutine_handle<promise_type> release() noexcept {
    auto const handle = handle_;
    handle_ = nullptr;
    return handle;
  }

  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}
template <class T>
task<T&> promise<T&>::get_return_object() noexcept {
  return task<T&>(std::coroutine_handle<promise>::from_promise(*this));
}
inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<promise>::from_promise(*this));
}

/// Access to the coroutine of a task, for code that starts branches.
class task_access {
 public:
  template <class T>
  static promise<T>* promise_of(task<T> const& what) noexcept {
    return &what.handle_.promise();
  }
  template <class T>
  static std::coroutine_handle<> handle_of(task<T> const& what) noexcept {
    return what.handle_;
  }
};

/// A callable that returns a task when it is called with `Args`.
template <class F, class... Args>
concept makes_task = std::is_invocable_v<F&, Args...> && is_task<std::invoke_result_t<F&, Args...>>;

/// Returns the task that `callable` returns, and keeps the callable and the arguments alive until it has ended.
template <class F, class... Args>
std::invoke_result_t<F&, Args...> keep_alive(F callable, Args... arguments) {
  co_return co_await callable(std::move(arguments)...);
}

}  // namespace detail
}  // namespace strait
