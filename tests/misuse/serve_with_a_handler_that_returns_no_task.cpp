// expect: serve takes a handler
#include <strait/strait.hpp>

void answer(strait::tcp::stream& peer);
auto start(strait::tcp::listener listener) { return strait::serve(std::move(listener), answer); }
