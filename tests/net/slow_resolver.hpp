// A resolver that does not answer until a test permits it.
#pragma once

#include <cstddef>

namespace strait::test {

/// While this object exists, each call of getaddrinfo in this process blocks until release. Only one may exist at a
/// time.
class slow_resolver {
 public:
  slow_resolver();
  slow_resolver(slow_resolver const&) = delete;
  slow_resolver& operator=(slow_resolver const&) = delete;
  /// Releases all calls and waits for their end.
  ~slow_resolver();

  /// The number of calls made.
  [[nodiscard]] static std::size_t begun() noexcept;
  /// Lets the waiting calls and all later ones proceed.
  static void release();
  /// Called at the start of getaddrinfo: waits until the gate is open.
  static void pass_gate();
};

}  // namespace strait::test
