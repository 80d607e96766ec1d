// expect: with_task_group takes a callable
#include <strait/strait.hpp>

strait::task<> work() {
  co_await strait::with_task_group([]() -> strait::task<> { co_return; });
}
