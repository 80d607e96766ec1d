// Names for the position of a task in the source code.
#pragma once

#include <source_location>
#include <string>
#include <string_view>

namespace strait::detail {

/// The name of a function without return type, parameters and template arguments, for example "app::session::run", from
/// what `std::source_location` or `__PRETTY_FUNCTION__` contain. A lambda is "lambda in " and the function around it.
[[nodiscard]] std::string short_function_name(std::string_view name);
/// The short name of the function at a position.
[[nodiscard]] std::string function_name(std::source_location where);
/// The file's name without its directories.
[[nodiscard]] std::string_view file_name(std::source_location where) noexcept;
/// True for the library's own coroutines (with_task_group, timeout, …), which are left out of reports. Names tell them
/// from the program's, whose files may be anywhere, also beside the library's.
[[nodiscard]] bool is_ours(std::source_location where) noexcept;

}  // namespace strait::detail
