// Names for the position of a task in the source code.
#pragma once

#include <source_location>
#include <string_view>

namespace strait::detail {

/// The function's name as it is written in the source code.
[[nodiscard]] std::string_view function_name(std::source_location where) noexcept;
/// The file's name without its directories.
[[nodiscard]] std::string_view file_name(std::source_location where) noexcept;
/// True for the library's own coroutines (with_task_group, timeout, …), which are left out of reports.
[[nodiscard]] bool is_ours(std::source_location where) noexcept;

}  // namespace strait::detail
