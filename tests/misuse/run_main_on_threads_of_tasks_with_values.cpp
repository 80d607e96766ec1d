// expect: run_main on several threads would ignore the values of their tasks
#include <strait/strait.hpp>

int main() {
  return strait::run_main(2, []() -> strait::task<int> { co_return 1; });
}
