// handler_reference: a handler that several loops call.
#pragma once

#include <type_traits>
#include <utility>

namespace strait::detail {

/// What std::ref does, without <functional>, which every user's file would be the slower to compile for.
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
