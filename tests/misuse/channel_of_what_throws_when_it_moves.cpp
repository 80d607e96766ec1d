// expect: what goes through a channel must move without throwing
#include <strait/strait.hpp>

struct heavy {
  heavy(heavy const&) {}
};
strait::channel<heavy> heavies(1);
