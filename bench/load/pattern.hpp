// The bytes that are sent and must be returned. Each connection sends its own section of one endless pseudo-random
// sequence, whose period makes lost, duplicated and exchanged pieces of any likely size detectable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

class pattern {
 public:
  // The longest piece that can be requested at once.
  static constexpr std::size_t longest = 65536;

  // Arbitrary bytes; the period is a prime number.
  pattern() : pattern(65521, 1) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < period_; ++i) bytes_[i] = static_cast<char>(random());
    repeat();
  }

  // Lines of printable ASCII of this size, including the final LF; the period is an odd number of lines.
  static pattern of_lines(std::size_t line_size) {
    pattern result((65521 / line_size | 1) * line_size, line_size);
    std::mt19937 random(1);
    for (std::size_t i = 0; i < result.period_; ++i)
      result.bytes_[i] = (i + 1) % line_size == 0 ? '\n' : static_cast<char>(' ' + random() % 95);
    result.repeat();
    return result;
  }

  // The position at which the stream of a connection begins.
  std::uint64_t start_of(std::size_t connection) const { return connection * 7919 * step_; }

  std::span<char const> at(std::uint64_t position, std::size_t size) const {
    return std::span(bytes_).subspan(position % period_, size);
  }

  bool matches(std::uint64_t position, std::span<char const> received) const {
    return std::memcmp(at(position, received.size()).data(), received.data(), received.size()) == 0;
  }

 private:
  pattern(std::size_t period, std::size_t step) : period_(period), step_(step), bytes_(period + longest) {}

  void repeat() {
    for (std::size_t i = period_; i < bytes_.size(); ++i) bytes_[i] = bytes_[i - period_];
  }

  std::size_t period_;
  std::size_t step_;  // each connection begins at a multiple of it
  std::vector<char> bytes_;
};
