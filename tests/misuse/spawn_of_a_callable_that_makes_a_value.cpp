// expect: what is spawned must be a task<>: nobody could receive its value
#include <strait/strait.hpp>

strait::task<int> answer(int question);
void start(strait::task_group& group) { group.spawn(answer, 42); }
