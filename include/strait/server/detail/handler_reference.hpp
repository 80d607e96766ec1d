// handler_reference: a reference to a handler that several loops call.
#pragma once

#include <type_traits>
#include <utility>

namespace strait::detail {

/// A replacement for std::ref, which would require <functional> and slow down the compilation of every program.
template <class Handler>
class handler_reference {
 public:
  explicit handler_reference(Handler& to) noexcept : to_(&to) {}

  template <class... Args>
    requires std::is_invocable_v<Handler&, Args...>
  std::invoke_result_t<Handler&, Args...> operator()(Args&&... arguments) const {
    return (*to_)(std::forward<Args>(arguments)...);
  }

 private:
  Handler* to_;
};

}  // namespace strait::detail
