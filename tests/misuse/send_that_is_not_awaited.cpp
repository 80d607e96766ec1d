// expect: co_await it
#include <strait/strait.hpp>

strait::task<> send(strait::channel<int>& to) {
  to.send(1);
  co_return;
}
