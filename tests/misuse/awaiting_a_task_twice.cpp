// expect: awaiting a task consumes it
#include <strait/strait.hpp>

strait::task<> wait(strait::task<> work) {
  co_await work;
  co_await work;
}
