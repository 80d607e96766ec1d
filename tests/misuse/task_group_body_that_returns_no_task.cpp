// expect: with_task_group takes a callable
#include <strait/strait.hpp>

auto work = strait::with_task_group([](strait::task_group&) { return 42; });
