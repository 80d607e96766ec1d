// expect: what is spawned must be a task<>: nobody could receive its value
#include <strait/strait.hpp>

void start(strait::task_group& group) {
  group.spawn([] { return 42; });
}
