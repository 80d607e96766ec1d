// sip_hash: a hash whose collisions nobody can find who does not know the key.
#pragma once

#include <cstdint>

struct sip_hash_key {
  std::uint64_t first;
  std::uint64_t second;

  /// One that nobody knows.
  [[nodiscard]] static sip_hash_key random();
};

/// SipHash-2-4 of the eight bytes of `value`, the lowest first (Aumasson and Bernstein, 2012).
[[nodiscard]] std::uint64_t sip_hash(std::uint64_t value, sip_hash_key const& key) noexcept;
