// expect: with listeners of several kinds, one that takes the streams of each
#include <tuple>

#include <strait/strait.hpp>

strait::task<> answer(strait::tcp::stream& peer);
auto start(std::tuple<strait::tcp::listener, strait::local::listener> listeners) {
  return strait::serve(std::move(listeners), answer);
}
