// expect: run takes a task, or a callable that makes one
#include <strait/strait.hpp>

int main() {
  strait::run([] { return 42; });
}
