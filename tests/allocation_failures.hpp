// Decides which allocations fail, for the replacements of the allocator.
#pragma once

#include <atomic>
#include <cstddef>
#include <limits>

#include "failing_memory.hpp"

namespace strait::test {
namespace {

constinit std::atomic<std::size_t> least_to_fail = std::numeric_limits<std::size_t>::max();
constinit thread_local long others_before_failure = -1;
constinit thread_local long failures_to_come = 0;
constinit std::atomic<long> others_of_any_thread = -1;

bool allocation_fails(std::size_t size) noexcept {
  if (size >= least_to_fail) return true;
  if (others_of_any_thread >= 0 && others_of_any_thread-- == 0) return true;
  if (others_before_failure > 0) {
    --others_before_failure;
    return false;
  }
  if (others_before_failure < 0) return false;
  if (--failures_to_come == 0) others_before_failure = -1;
  return true;
}

}  // namespace

no_memory_from::no_memory_from(std::size_t bytes) noexcept { least_to_fail = bytes; }
no_memory_from::~no_memory_from() { least_to_fail = std::numeric_limits<std::size_t>::max(); }

void allocation_to_fail(long others, long count) noexcept {
  others_before_failure = others;
  failures_to_come = count;
}
bool allocation_is_to_fail() noexcept { return others_before_failure >= 0; }

void allocation_of_any_thread_to_fail(long others) noexcept { others_of_any_thread = others; }
bool allocation_of_any_thread_is_to_fail() noexcept { return others_of_any_thread >= 0; }

}  // namespace strait::test
