// rate_limiter: limits how many answers each source gets per second, with fixed memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sip_hash.hpp"
#include "source_network.hpp"

/// A token bucket for each source: it holds up to `rate` tokens, starts full, refills at `rate` tokens per second, and
/// each answer takes one. In t seconds, a source gets at most rate + rate * t answers.
///
/// The table holds up to `sources` sources and never allocates after construction. A source whose bucket is full again
/// is removed. While the table has no free entry for a new source, that source gets no answer. A keyed hash selects two
/// windows of the table for each source, so the cost of a request is constant and an attacker cannot choose addresses
/// that collide.
///
/// Not thread-safe.
class rate_limiter {
 public:
  using clock = std::chrono::steady_clock;

  enum class verdict {
    answer,
    too_often,  ///< the bucket of the source is empty
    no_room,    ///< the table has no free entry for this source
  };

  static constexpr std::uint32_t highest_rate = 1'000'000;

  /// `rate` must be from 1 to `highest_rate`, `sources` at least 1.
  rate_limiter(std::uint32_t rate, std::size_t sources, sip_hash_key const& key = sip_hash_key::random());

  /// Decides whether a request from `source` at the time `now` is answered, and takes a token if so.
  [[nodiscard]] verdict check(source_network source, clock::time_point now);

 private:
  // The bucket as one time stamp, as in the generic cell rate algorithm (ITU-T I.371): the bucket is full from
  // `full_at` on; before that, one token is missing for each remaining `interval_` or part of one.
  struct account {
    source_network source{};
    clock::time_point full_at = clock::time_point::min();

    [[nodiscard]] bool is_free(clock::time_point now) const noexcept { return full_at <= now; }
  };

  [[nodiscard]] std::span<account> window(std::uint32_t hash) noexcept;

  clock::duration interval_;  // the time in which one token is added
  clock::duration burst_;     // how far ahead `full_at` may be for an answer to be allowed
  sip_hash_key key_;
  std::vector<account> accounts_;
};
