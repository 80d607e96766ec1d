// Readable function and file names from std::source_location.
#include "core/task_location.hpp"

namespace strait::detail {

// In a coroutine, g++ reports the function that it generates for the body, "void
// echo(echo(tcp::stream)::_Z4echo….Frame*)". The user's function, "echo(tcp::stream)", lies between the parenthesis
// that matches the last one and the mangled name.
std::string_view function_name(std::source_location where) noexcept {
  std::string_view const name = where.function_name();
  if (!name.ends_with(".Frame*)")) return name;
  std::size_t begin = name.size();
  for (int depth = 0; begin > 0;) {
    --begin;
    if (name[begin] == ')') ++depth;
    if (name[begin] == '(' && --depth == 0) break;
  }
  auto const end = name.rfind("::_Z");
  return end == name.npos || end < begin ? name : name.substr(begin + 1, end - begin - 1);
}

std::string_view file_name(std::source_location where) noexcept {
  std::string_view const file = where.file_name();
  return file.substr(file.rfind('/') + 1);
}

bool is_ours(std::source_location where) noexcept {
  std::string_view const file = where.file_name();
  static std::string_view const here = std::source_location::current().file_name();
  static std::string_view const sources = here.substr(0, here.rfind('/') + 1);
  if (file.starts_with(sources)) return true;
  if (!file.ends_with(".hpp")) return false;
  for (std::string_view const folder :
       {"strait/core/", "strait/net/", "strait/io/", "strait/server/", "strait/interop/"})
    if (file.find(folder) != file.npos) return true;
  return false;
}

}  // namespace strait::detail
