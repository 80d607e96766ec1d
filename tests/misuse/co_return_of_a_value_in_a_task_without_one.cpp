// expect: return_value.*promise
#include <strait/strait.hpp>

strait::task<> answer() { co_return 5; }
