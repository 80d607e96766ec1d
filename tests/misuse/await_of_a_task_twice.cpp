// expect: a task is awaited once and used up by it
#include <strait/strait.hpp>

strait::task<> wait(strait::task<> work) {
  co_await work;
  co_await work;
}
