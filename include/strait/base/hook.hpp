// hook: a callable that a library calls back.
#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace strait {

/// A callable that options carry by value; it refers to what it needs.
template <class Signature>
class hook;

/// A copy of a function pointer or of a lambda with little in it: what it captures it captures by reference or as a
/// pointer or number, four of them at most. So a hook is trivial to copy and to destroy, which lets it stand in the
/// braces of an options argument, on every compiler, and be called from any thread that the callable allows.
template <class Result, class... Args>
class hook<Result(Args...)> {
 public:
  /// Empty: must not be called.
  constexpr hook() noexcept = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, hook> && std::is_invocable_r_v<Result, F const&, Args...>)
  hook(F callable) noexcept : call_(&call<F>) {  // NOLINT: converts, as a function parameter would
    static_assert(
        std::is_trivially_copyable_v<F> && sizeof(F) <= room && alignof(F) <= alignof(void*),
        "strait: a hook must be trivially copyable and at most four pointers in size: capture by reference or pointer");
    ::new (static_cast<void*>(callable_)) F(callable);
  }

  explicit operator bool() const noexcept { return call_ != nullptr; }
  Result operator()(Args... arguments) const { return call_(callable_, std::forward<Args>(arguments)...); }

 private:
  static constexpr std::size_t room = 4 * sizeof(void*);

  template <class F>
  static Result call(void const* callable, Args... arguments) {
    auto const& it = *std::launder(static_cast<F const*>(callable));
    if constexpr (std::is_void_v<Result>) static_cast<void>(it(std::forward<Args>(arguments)...));
    else return it(std::forward<Args>(arguments)...);
  }

  Result (*call_)(void const*, Args...) = nullptr;
  alignas(void*) std::byte callable_[room]{};
};

}  // namespace strait
