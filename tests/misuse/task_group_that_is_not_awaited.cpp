// expect: a task that is not awaited, spawned or run does nothing
#include <strait/strait.hpp>

strait::task<> work() {
  strait::with_task_group([](strait::task_group&) -> strait::task<> { co_return; });
  co_return;
}
