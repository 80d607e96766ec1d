#include "loop_detector.hpp"

#include <stdexcept>

using namespace strait;

loop_detector::entry::entry(loop_detector& in, connections& among, connections const& others, connection const& what)
    : detector_(in), among_(among) {
  std::lock_guard const lock(in.mutex_);
  if (others.contains(what)) in.found_loop();
  place_ = among.insert(what);
}

loop_detector::entry::~entry() {
  std::lock_guard const lock(detector_.mutex_);
  among_.erase(place_);
}

loop_detector::entry loop_detector::accepted(tcp::stream const& client) {
  {
    std::lock_guard const lock(mutex_);
    if (clock::now() < refuse_until_) throw std::runtime_error("the upstream server is this proxy itself");
  }
  return {*this, accepted_, connected_, {client.remote_endpoint(), client.local_endpoint()}};
}

loop_detector::entry loop_detector::connected(tcp::stream const& upstream) {
  return {*this, connected_, accepted_, {upstream.local_endpoint(), upstream.remote_endpoint()}};
}

void loop_detector::found_loop() {
  refuse_until_ = clock::now() + std::chrono::seconds(1);
  throw std::runtime_error("the upstream server is this proxy itself");
}
