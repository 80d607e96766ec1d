// The task tree as text.
#include "strait/core/dump_tasks.hpp"

#include <algorithm>
#include <map>
#include <source_location>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/loop.hpp"

namespace strait {
namespace detail {

class task_dump {
 public:
  explicit task_dump(loop& of) : now_(of.engine().coarse_now()) {
    auto& all = of.branches();
    for (branch* each = all.front(); each; each = all.next(*each)) branches_.emplace(each->parent_, each);
    add_children(nullptr, 0);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  // What `outer` waits for: the branches that it has begun, each with its chain of tasks.
  void add_children(promise_base const* outer, std::size_t depth) {
    auto [each, end] = branches_.equal_range(outer);
    for (; each != end; ++each) add_chain(*each->second, depth);
  }

  void add_chain(branch const& of, std::size_t depth) {
    std::vector<promise_base const*> chain;
    for (promise_base const* each = of.innermost_; each; each = each->outer_) chain.push_back(each);
    std::reverse(chain.begin(), chain.end());
    for (promise_base const* each : chain) {
      if (!is_ours(*each)) add_line(*each, depth++);
      add_children(each, depth);
    }
  }

  // The library's own coroutines (with_task_group, timeout, …) would only hide the user's.
  static bool is_ours(promise_base const& task) {
    std::string_view const file = task.where_.file_name();
    static std::string_view const here = std::source_location::current().file_name();
    static std::string_view const sources = here.substr(0, here.rfind('/') + 1);
    return file.find("strait/core/") != file.npos || file.starts_with(sources);
  }

  void add_line(promise_base const& task, std::size_t depth) {
    text_.append(2 * depth, ' ');
    std::string_view const file = task.where_.file_name();
    if (file.empty()) {
      text_ += "a task that has not awaited anything yet\n";
      return;
    }
    double const waited = static_cast<double>(std::max<std::int64_t>(now_ - task.since_, 0)) / 1e9;
    fmt::format_to(std::back_inserter(text_), "{} at {}:{}, for {:.1f} s\n", function_name(task.where_.function_name()),
                   file.substr(file.rfind('/') + 1), task.where_.line(), waited);
  }

  // g++ names the body that it makes of a coroutine, "void echo(echo(tcp::stream)::_Z4echo….Frame*)", of which
  // "echo(tcp::stream)" is wanted: what stands between the parenthesis that the last one closes and the mangled name.
  static std::string_view function_name(std::string_view name) {
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

  std::int64_t now_;
  std::multimap<promise_base const*, branch const*> branches_;  // by the task that has begun them, in order
  std::string text_;
};

}  // namespace detail

std::string dump_tasks(event_loop const& loop) { return detail::task_dump(detail::loop_of(loop)).take(); }

}  // namespace strait
