// Names of hosts and interfaces that a test defines.
#pragma once

#include <string>
#include <vector>

#include <strait/net/endpoint.hpp>

namespace strait::test {

/// While this object exists, the host `name` has these `addresses`, and the resolver returns them in this order. Their
/// ports are kept, whatever service is looked up. Only one may exist at a time.
class known_host {
 public:
  known_host(std::string name, std::vector<endpoint> addresses);
  known_host(known_host const&) = delete;
  known_host& operator=(known_host const&) = delete;
  ~known_host();
};

/// The number of lookups made so far.
[[nodiscard]] int lookups_made() noexcept;

/// While this object exists, there is an interface with this name and index. Only one may exist at a time.
class known_interface {
 public:
  known_interface(std::string name, unsigned index);
  known_interface(known_interface const&) = delete;
  known_interface& operator=(known_interface const&) = delete;
  ~known_interface();
};

}  // namespace strait::test
