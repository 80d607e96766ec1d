// expect: run_main would ignore the value of this task
#include <strait/strait.hpp>

int main() {
  return strait::run_main([]() -> strait::task<bool> { co_return false; });
}
