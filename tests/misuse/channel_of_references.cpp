// expect: the element type of a channel must be a non-const object type
#include <strait/strait.hpp>

strait::channel<int&> references(1);
