// Names of hosts and of interfaces that are there because a test says so.
#pragma once

#include <string>
#include <vector>

#include <strait/net/endpoint.hpp>

namespace strait::test {

/// While it lives, the host `name` has these `addresses`, and the resolver returns them in this order. Their ports are
/// kept, whatever service is asked for. One at a time.
class known_host {
 public:
  known_host(std::string name, std::vector<endpoint> addresses);
  known_host(known_host const&) = delete;
  known_host& operator=(known_host const&) = delete;
  ~known_host();
};

/// How many look-ups have been made so far.
[[nodiscard]] int look_ups_made() noexcept;

/// While it lives, there is an interface of this name and index. One at a time.
class known_interface {
 public:
  known_interface(std::string name, unsigned index);
  known_interface(known_interface const&) = delete;
  known_interface& operator=(known_interface const&) = delete;
  ~known_interface();
};

}  // namespace strait::test
