// The task tree as text.
#include "strait/core/dump_tasks.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "core/task_location.hpp"

namespace strait {
namespace detail {

class task_dump {
 public:
  explicit task_dump(loop& of) : now_(of.engine().coarse_now()) {
    std::multimap<promise_base const*, branch const*> branches;  // by the task that started them, in order
    auto& all = of.branches();
    for (branch* each = all.front(); each; each = all.next(*each)) branches.emplace(each->parent_, each);
    collect(branches);
  }

  [[nodiscard]] std::string text(std::size_t max_tasks) const {
    std::string text;
    std::size_t const left_out = lines_.size() - std::min(max_tasks, lines_.size());
    std::size_t const first = (lines_.size() - left_out + 1) / 2;
    for (std::size_t i = 0; i != first; ++i) add_line(text, lines_[i]);
    if (left_out != 0) fmt::format_to(std::back_inserter(text), "({} of {} tasks left out)\n", left_out, lines_.size());
    for (std::size_t i = first + left_out; i != lines_.size(); ++i) add_line(text, lines_[i]);
    return text;
  }

 private:
  // Deeper lines state their level instead.
  static constexpr std::size_t max_indented = 32;
  static constexpr std::size_t longest_name = 200;

  struct line {
    promise_base const* task;
    std::size_t depth;
  };
  // The tasks of a branch that have not been printed yet, each of which awaits the one before it.
  struct chain {
    std::vector<promise_base const*> tasks;  // the innermost first; the last is the next to be printed
    std::size_t depth;
  };

  // Without recursion, because the tree may be deep.
  void collect(std::multimap<promise_base const*, branch const*> const& branches) {
    std::vector<chain> chains;
    auto const add_children = [&](promise_base const* outer, std::size_t depth) {
      auto const [begin, end] = branches.equal_range(outer);
      for (auto each = end; each != begin;) {
        --each;
        chain& added = chains.emplace_back(chain{{}, depth});
        for (promise_base const* task = each->second->innermost_; task; task = task->outer_)
          added.tasks.push_back(task);
      }
    };
    add_children(nullptr, 0);
    while (!chains.empty()) {
      chain& current = chains.back();
      if (current.tasks.empty()) {
        chains.pop_back();
        continue;
      }
      promise_base const* const task = current.tasks.back();
      current.tasks.pop_back();
      if (!is_ours(task->where_)) lines_.push_back({task, current.depth++});
      add_children(task, current.depth);
    }
  }

  void add_line(std::string& text, line const& what) const {
    promise_base const& task = *what.task;
    text.append(2 * std::min(what.depth, max_indented), ' ');
    std::back_insert_iterator const end(text);
    if (what.depth > max_indented) fmt::format_to(end, "(level {}) ", what.depth);
    auto const name = function_name(task.where_).substr(0, longest_name);
    if (!task.has_awaited()) {
      fmt::format_to(end, "{} in {}, which has not awaited anything yet\n", name, file_name(task.where_));
      return;
    }
    auto const since = task.since_ != 0 ? task.since_ : now_;
    double const waited = static_cast<double>(std::max<std::int64_t>(now_ - since, 0)) / 1e9;
    fmt::format_to(end, "{} at {}:{}, for {:.1f} s\n", name, file_name(task.where_), task.where_.line(), waited);
  }

  std::int64_t now_;
  std::vector<line> lines_;
};

}  // namespace detail

std::string dump_tasks(event_loop const& loop, std::size_t max_tasks) {
  return detail::task_dump(detail::loop_of(loop)).text(max_tasks);
}

}  // namespace strait
