// Readable function and file names from std::source_location.
#include "core/task_location.hpp"

#include <algorithm>
#include <new>

namespace strait::detail {

namespace {

/// Returns the position behind the bracket that closes the one at `begin`.
std::size_t end_of_group(std::string_view text, std::size_t begin) {
  char const open = text[begin];
  char const close = open == '(' ? ')' : open == '<' ? '>' : open == '[' ? ']' : '}';
  int depth = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    if (text[i] == open) {
      ++depth;
    } else if (text[i] == close && !(close == '>' && text[i - 1] == '-')) {
      if (--depth == 0) return i + 1;
    } else if (open == '<' && text[i] == '(') {  // may contain a comparison
      i = end_of_group(text, i) - 1;
    }
  }
  return text.size();
}

}  // namespace

// The compilers write the same coroutine as
//   g++:   void app::session::run(app::session::run(int) const::_ZNK3app7session3runEi.Frame*)
//   clang: task<> app::session::run(int) const
// and a lambda in a function template as
//   g++:   void f(f<int>(int)::_Z1fIiE….Frame*)::<lambda(int)>::operator()(f(…)::<lambda(int)>::_ZZ1fIiE….Frame*)
//   clang: auto f(int)::(anonymous class)::operator()(int) const
// All that is in brackets is left out, except for the names of lambdas, and so is all that precedes the last space
// outside of brackets, which ends the return type.
std::string short_function_name(std::string_view name) {
  std::string path;       // the functions and classes so far, for example "app::session"
  std::string_view last;  // of the name, the part of the path that is being read
  bool is_lambda = false;
  auto const add_last = [&] {
    if (last.empty() || (is_lambda && last == "operator()")) return;
    if (!path.empty()) path += "::";
    path += last;
    is_lambda = false;
  };
  std::size_t i = 0;
  while (i < name.size()) {
    auto const rest = name.substr(i);
    if (rest.starts_with("::")) {
      add_last();
      last = {};
      i += 2;
    } else if (rest.starts_with("<lambda") || rest.starts_with("(anonymous class)") || rest.starts_with("(lambda")) {
      is_lambda = true;
      last = {};
      i = end_of_group(name, i);
    } else if (last.empty() && rest.starts_with("operator")) {
      // A conversion to a type may contain "::".
      auto const parameters = name.find('(', i + (rest.starts_with("operator()") ? 10 : 0));
      last = name.substr(i, parameters - i);
      i = std::min(parameters, name.size());
    } else if (rest[0] == '(' && !last.empty() && last != "decltype") {
      // The parameters. What follows them, "const" or "[with T = int]", ends with the name or with the next "::".
      i = end_of_group(name, i);
      while (i < name.size() && !name.substr(i).starts_with("::")) i = name[i] == '[' ? end_of_group(name, i) : i + 1;
    } else if (rest[0] == '(' || rest[0] == '<' || rest[0] == '[' || rest[0] == '{') {
      i = end_of_group(name, i);
    } else if (rest[0] == ' ' || rest[0] == '*' || rest[0] == '&') {
      path.clear();
      last = {};
      is_lambda = false;
      ++i;
    } else {
      last = last.empty() ? rest.substr(0, 1) : std::string_view(last.data(), last.size() + 1);
      ++i;
    }
  }
  add_last();
  if (is_lambda) return path.empty() ? "lambda" : "lambda in " + path;
  return path.empty() ? std::string(name) : path;
}

std::string function_name(std::source_location where) { return short_function_name(where.function_name()); }

std::string_view file_name(std::source_location where) noexcept {
  std::string_view const file = where.file_name();
  return file.substr(file.rfind('/') + 1);
}

bool is_ours(std::source_location where) noexcept {
  try {
    std::string const name = function_name(where);
    return name.starts_with("strait::") || name.starts_with("lambda in strait::");
  } catch (std::bad_alloc const&) {
    return false;
  }
}

}  // namespace strait::detail
