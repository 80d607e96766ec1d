// The bytes that are sent and must come back: each connection sends its own stretch of one endless pseudo-random
// sequence, whose prime period makes a lost, doubled or exchanged piece of any likely size show.
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

  pattern() : bytes_(period + longest) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      bytes_[i] = i < period ? static_cast<char>(random()) : bytes_[i - period];
  }

  // Where the stream of a connection begins.
  static std::uint64_t start_of(std::size_t connection) { return connection * 7919; }

  std::span<char const> at(std::uint64_t position, std::size_t size) const {
    return std::span(bytes_).subspan(position % period, size);
  }

  bool matches(std::uint64_t position, std::span<char const> received) const {
    return std::memcmp(at(position, received.size()).data(), received.data(), received.size()) == 0;
  }

 private:
  static constexpr std::size_t period = 65521;
  std::vector<char> bytes_;
};
