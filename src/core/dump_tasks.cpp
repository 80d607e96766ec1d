// The task tree as text.
#include "strait/core/dump_tasks.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "core/task_location.hpp"

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
      if (!is_ours(each->where_)) add_line(*each, depth++);
      add_children(each, depth);
    }
  }

  void add_line(promise_base const& task, std::size_t depth) {
    text_.append(2 * depth, ' ');
    std::back_insert_iterator const end(text_);
    if (!task.has_awaited()) {
      fmt::format_to(end, "{} in {}, which has not awaited anything yet\n", function_name(task.where_),
                     file_name(task.where_));
      return;
    }
    auto const since = task.since_ != 0 ? task.since_ : now_;
    double const waited = static_cast<double>(std::max<std::int64_t>(now_ - since, 0)) / 1e9;
    fmt::format_to(end, "{} at {}:{}, for {:.1f} s\n", function_name(task.where_), file_name(task.where_),
                   task.where_.line(), waited);
  }

  std::int64_t now_;
  std::multimap<promise_base const*, branch const*> branches_;  // by the task that has begun them, in order
  std::string text_;
};

}  // namespace detail

std::string dump_tasks(event_loop const& loop) { return detail::task_dump(detail::loop_of(loop)).take(); }

}  // namespace strait
