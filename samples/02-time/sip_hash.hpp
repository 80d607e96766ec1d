// sip_hash: a keyed hash whose collisions cannot be found without the key.
#pragma once

#include <cstdint>

struct sip_hash_key {
  std::uint64_t first;
  std::uint64_t second;

  /// Returns an unpredictable key.
  [[nodiscard]] static sip_hash_key random();
};

/// Returns SipHash-2-4 (Aumasson and Bernstein, 2012) of the eight bytes of `value` in little-endian order.
[[nodiscard]] std::uint64_t sip_hash(std::uint64_t value, sip_hash_key const& key) noexcept;
