// The task tree as text.
#include "strait/core/dump_tasks.hpp"

#include <algorithm>
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
    for (branch* each = all.front(); each; each = all.next(*each)) branches_.push_back(each);
    add_children(nullptr, 0);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  // What `outer` waits for: the branches that it has begun, each with its chain of tasks.
  void add_children(promise_base const* outer, std::size_t depth) {
    for (branch const* each : branches_)
      if (each->parent_ == outer) add_chain(*each, depth);
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
    return file.find("strait/core/") != file.npos || file.find("src/core/") != file.npos;
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

  // g++ names the coroutine's own body: "echo(echo(tcp::stream)::_Z4echo….Frame*)" becomes "echo(tcp::stream)".
  static std::string function_name(std::string_view name) {
    auto const frame = name.rfind(".Frame*)");
    auto const begin = name.find('(');
    if (frame == name.npos || begin == name.npos) return std::string(name);
    auto const end = name.rfind("::", frame);
    return std::string(name.substr(begin + 1, end - begin - 1));
  }

  std::int64_t now_;
  std::vector<branch const*> branches_;
  std::string text_;
};

}  // namespace detail

std::string dump_tasks(event_loop const& loop) { return detail::task_dump(detail::loop_of(loop)).take(); }

}  // namespace strait
