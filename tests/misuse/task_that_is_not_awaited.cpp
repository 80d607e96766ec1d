// expect: a task that is not awaited, spawned or run does nothing
#include <strait/strait.hpp>

strait::task<> work();
void forget() { work(); }
