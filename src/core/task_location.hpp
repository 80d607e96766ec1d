// Where a task stands, in words.
#pragma once

#include <source_location>
#include <string_view>

namespace strait::detail {

/// The function as its author would name it.
[[nodiscard]] std::string_view function_name(std::source_location where) noexcept;
/// The file without the folders.
[[nodiscard]] std::string_view file_name(std::source_location where) noexcept;
/// It is one of the library's own coroutines (with_task_group, timeout, …), which would only hide the user's.
[[nodiscard]] bool is_ours(std::source_location where) noexcept;

}  // namespace strait::detail
