// expect: a task can await only tasks and strait's own operations
#include <strait/strait.hpp>

strait::task<> wait() { co_await 42; }
