// when_all of tasks without values.
#include "strait/core/when_all.hpp"

namespace strait {

task<> when_all(std::vector<task<>> tasks) {
  auto body = [&](task_group& group) -> task<> {
    for (auto& each : tasks) group.spawn(std::move(each));
    co_return;
  };
  co_await with_task_group(body);
}

}  // namespace strait
