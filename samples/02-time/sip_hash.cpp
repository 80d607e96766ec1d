#include "sip_hash.hpp"

#include <bit>
#include <random>

namespace {

struct sip_state {
  std::uint64_t a, b, c, d;

  void mix(int rounds) noexcept {
    while (rounds-- > 0) {
      a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
      c += d, d = std::rotl(d, 16) ^ c;
      a += d, d = std::rotl(d, 21) ^ a;
      c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
    }
  }

  void take(std::uint64_t word) noexcept {
    d ^= word;
    mix(2);
    a ^= word;
  }
};

}  // namespace

sip_hash_key sip_hash_key::random() {
  std::random_device random;
  auto const word = [&] { return std::uint64_t{random()} << 32 | random(); };
  auto const first = word();
  return {first, word()};
}

std::uint64_t sip_hash(std::uint64_t value, sip_hash_key const& key) noexcept {
  sip_state state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d, key.first ^ 0x6c7967656e657261,
                  key.second ^ 0x7465646279746573};
  state.take(value);
  state.take(std::uint64_t{sizeof value} << 56);  // the last block: the length, and no remaining bytes
  state.c ^= 0xff;
  state.mix(4);
  return state.a ^ state.b ^ state.c ^ state.d;
}
