// expect: a number is not a buffer
#include <strait/strait.hpp>

strait::task<> send(strait::tcp::stream& peer) { co_await peer.write(42); }
