// expect: as_result consumes the task: write as_result
#include <strait/strait.hpp>

strait::task<> wait(strait::task<int> work) { auto outcome = co_await strait::as_result(work); }
