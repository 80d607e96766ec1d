// expect: sleep_for takes a duration with a unit: sleep_for.5s
#include <strait/strait.hpp>

strait::task<> wait() { co_await strait::sleep_for(5); }
