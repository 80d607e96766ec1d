// expect: spawn takes a task<>, or a callable
#include <strait/strait.hpp>

void start(strait::task_group& group) { group.spawn(42); }
