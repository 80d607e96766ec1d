// expect: spawn takes a task<>, because the value of another task would be lost
#include <strait/strait.hpp>

void start(strait::task_group& group) {
  group.spawn([] { return 42; });
}
