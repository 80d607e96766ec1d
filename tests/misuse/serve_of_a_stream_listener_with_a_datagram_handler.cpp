// expect: serve takes a handler
#include <strait/strait.hpp>

strait::task<> answer(strait::udp::datagram const& request);
auto start(strait::tcp::listener listener) { return strait::serve(std::move(listener), answer); }
