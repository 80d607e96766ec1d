#include "loop_detector.hpp"

#include <stdexcept>

using namespace strait;

loop_detector::entry::entry(loop_detector& detector, connections& registered, connections const& others,
                            connection const& what)
    : detector_(detector), registered_(registered) {
  std::lock_guard const lock(detector.mutex_);
  if (others.contains(what)) detector.report_loop();
  position_ = registered.insert(what);
}

loop_detector::entry::~entry() {
  std::lock_guard const lock(detector_.mutex_);
  registered_.erase(position_);
}

loop_detector::entry loop_detector::add_accepted(tcp::stream const& client) {
  {
    std::lock_guard const lock(mutex_);
    if (clock::now() < reject_until_) throw std::runtime_error("the upstream server is this proxy itself");
  }
  return {*this, accepted_, connected_, {client.remote_endpoint(), client.local_endpoint()}};
}

loop_detector::entry loop_detector::add_connected(tcp::stream const& upstream) {
  return {*this, connected_, accepted_, {upstream.local_endpoint(), upstream.remote_endpoint()}};
}

void loop_detector::report_loop() {
  reject_until_ = clock::now() + std::chrono::seconds(1);
  throw std::runtime_error("the upstream server is this proxy itself");
}
