// expect: the element type of a channel must be nothrow move constructible
#include <strait/strait.hpp>

struct heavy {
  heavy(heavy const&) {}
};
strait::channel<heavy> heavies(1);
