// expect: co_await it
#include <strait/strait.hpp>

strait::task<> nap() {
  strait::sleep_for(std::chrono::seconds(1));
  co_return;
}
