// counter: a number that one thread changes and any thread may read.
#pragma once

#include <cstdint>

namespace strait::detail {

/// Needs no locked instructions, because only one thread changes it. A thread that reads a value also sees everything
/// that the changing thread counted before.
///
/// Uses the builtins of g++ and clang, because <atomic> would add a tenth to what every user's file compiles.
class counter {
 public:
  void add(std::uint64_t more) noexcept { set(__atomic_load_n(&value_, __ATOMIC_RELAXED) + more); }
  void set(std::uint64_t value) noexcept { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  [[nodiscard]] std::uint64_t get() const noexcept { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }

 private:
  std::uint64_t value_ = 0;
};

}  // namespace strait::detail
