// rate_limiter: how often each of many sources gets an answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sip_hash.hpp"
#include "source_network.hpp"

/// Gives each source a bucket of `rate` answers, which is full at first, and refills at `rate` a second: in t seconds,
/// a source gets no more than rate + rate * t answers.
///
/// It keeps account of `sources` at a time and never allocates after it was made, whoever sends what. A source whose
/// bucket is full again is as good as one that was never seen, and is forgotten. While there is no room, a source that
/// is not known gets no answer. Each source has its place in one of two windows of the table, which a keyed hash
/// selects: the work is the same for each question, and nobody can choose sources that get in each other's way.
///
/// Not thread-safe.
class rate_limiter {
 public:
  using clock = std::chrono::steady_clock;

  enum class verdict {
    answer,
    too_often,  ///< the source has had its answers
    no_room,    ///< too many sources at a time
  };

  static constexpr std::uint32_t highest_rate = 1'000'000;

  /// `rate` from 1 to `highest_rate`, `sources` at least 1.
  rate_limiter(std::uint32_t rate, std::size_t sources, sip_hash_key const& key = sip_hash_key::random());

  /// Whether `source`, which asks at the time `now`, is to get an answer; if so, that is one out of its bucket.
  [[nodiscard]] verdict ask(source_network source, clock::time_point now);

 private:
  // The bucket in one number, as in the generic cell rate algorithm (ITU-T I.371): it is full from `full_at` on, and
  // at any time before that lacks one answer for each `interval_`, or part of it, that is still to go.
  struct account {
    source_network source{};
    clock::time_point full_at = clock::time_point::min();

    [[nodiscard]] bool is_free(clock::time_point now) const noexcept { return full_at <= now; }
  };

  [[nodiscard]] std::span<account> window(std::uint32_t hash) noexcept;

  clock::duration interval_;  // from one answer to the next
  clock::duration burst_;     // how far `full_at` may lie ahead before an answer
  sip_hash_key key_;
  std::vector<account> accounts_;
};
