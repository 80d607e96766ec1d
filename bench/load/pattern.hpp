// The bytes that are sent and must come back: each connection sends its own stretch of one endless pseudo-random
// sequence, whose period makes a lost, doubled or exchanged piece of any likely size show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

class pattern {
 public:
  // The longest piece that can be asked for at once.
  static constexpr std::size_t longest = 65536;

  // Of any bytes; the period is a prime number.
  pattern() : pattern(65521, 1) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < period_; ++i) bytes_[i] = static_cast<char>(random());
    repeat();
  }

  // Of printable ASCII in lines of this size, with the LF that ends each; the period is an odd number of them.
  static pattern of_lines(std::size_t line_size) {
    pattern result((65521 / line_size | 1) * line_size, line_size);
    std::mt19937 random(1);
    for (std::size_t i = 0; i < result.period_; ++i)
      result.bytes_[i] = (i + 1) % line_size == 0 ? '\n' : static_cast<char>(' ' + random() % 95);
    result.repeat();
    return result;
  }

  // Where the stream of a connection begins.
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
  std::size_t step_;  // a connection begins at a multiple of it
  std::vector<char> bytes_;
};
