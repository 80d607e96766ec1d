// expect: a task can await tasks and strait's own operations only
#include <strait/strait.hpp>

strait::task<> wait() { co_await 42; }
