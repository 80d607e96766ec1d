// expect: a char pointer has no size: write std::string_view.pointer
#include <strait/strait.hpp>

strait::task<> send(strait::tcp::stream& peer, char const* text) { co_await peer.write(text); }
