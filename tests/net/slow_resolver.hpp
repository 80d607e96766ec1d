// A resolver that has no answer until a test lets it have one.
#pragma once

#include <cstddef>

namespace strait::test {

/// While it lives, each getaddrinfo of this process waits to be let go. One at a time.
class slow_resolver {
 public:
  slow_resolver();
  slow_resolver(slow_resolver const&) = delete;
  slow_resolver& operator=(slow_resolver const&) = delete;
  /// Lets all go, and waits for their end.
  ~slow_resolver();

  /// How many calls have begun.
  [[nodiscard]] static std::size_t begun() noexcept;
  /// Those that wait have an answer, and those to come.
  static void let_go();
  /// What getaddrinfo does first: waits until the gate is open.
  static void pass_gate();
};

}  // namespace strait::test
