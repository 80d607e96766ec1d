// hook: a callback that is cheap to copy.
#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace strait {

/// A callback; see the specialization for function signatures.
template <class Signature>
class hook;

/// A copy of a function pointer or of a small lambda, which may capture up to four references, pointers or numbers. A
/// hook is trivially copyable and destructible, so it can be written inside the braces of an options argument with
/// every supported compiler. It may be called from any thread from which its callable may be called.
template <class Result, class... Args>
class hook<Result(Args...)> {
 public:
  /// An empty hook, which must not be called.
  constexpr hook() noexcept = default;

  /// Copies `callable`, which must be trivially copyable and at most four pointers in size.
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, hook> && std::is_invocable_r_v<Result, F const&, Args...>)
  hook(F callable) noexcept : call_(&call<F>) {  // NOLINT: converts, as a function parameter would
    static_assert(
        std::is_trivially_copyable_v<F> && sizeof(F) <= room && alignof(F) <= alignof(void*),
        "strait: a hook must be trivially copyable and at most four pointers in size: capture by reference or pointer");
    ::new (static_cast<void*>(callable_)) F(callable);
  }

  /// False if the hook is empty.
  explicit operator bool() const noexcept { return call_ != nullptr; }
  /// Calls the callable.
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
