// expect: spawn takes a task<>, because the value of another task would be lost
#include <strait/strait.hpp>

strait::task<int> answer(int question);
void start(strait::task_group& group) { group.spawn(answer, 42); }
