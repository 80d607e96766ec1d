// expect: a channel is for values
#include <strait/strait.hpp>

strait::channel<int&> references(1);
