// expect: run takes a task, or a callable that returns one
#include <strait/strait.hpp>

int main() {
  strait::run([] { return 42; });
}
