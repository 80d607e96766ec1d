// expect: spawn takes a task<>, or a callable and the arguments to call it with
#include <strait/strait.hpp>

strait::task<> greet(int times);
void start(strait::task_group& group) { group.spawn(greet, "twice"); }
