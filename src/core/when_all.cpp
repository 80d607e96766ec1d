// when_all of task<>, and the exception of a when_any in which no branch completed with a value.
#include "strait/core/when_all.hpp"

#include <vector>

#include "strait/base/error.hpp"
#include "strait/core/when_any.hpp"

namespace strait {

task<> when_all(std::vector<task<>> tasks) {
  auto body = [&](task_group& group) -> task<> {
    for (auto& each : tasks) group.spawn(std::move(each));
    co_return;
  };
  co_await with_task_group(body);
}

void detail::rethrow(std::exception_ptr const* all, std::size_t count, bool any_value) {
  std::vector<std::exception_ptr> failures(all, all + count);
  std::erase(failures, nullptr);
  if (failures.size() == 1) std::rethrow_exception(failures.front());
  if (!failures.empty()) throw multiple_errors(failures.data(), failures.size());
  if (!any_value) throw canceled();
}

}  // namespace strait
