// expect: timeout takes a duration with a unit: timeout.5s
#include <strait/strait.hpp>

strait::task<> wait(strait::event& something) { co_await timeout(5, something.wait()); }
