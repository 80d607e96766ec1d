#include "sip_hash.hpp"

#include "catch.hpp"

TEST_CASE("sip_hash: the hash of eight bytes equals the reference implementation's") {
  // vectors_sip64[8] of github.com/veorq/SipHash: key 00 01 … 0f, input 00 01 … 07
  CHECK(sip_hash(0x0706050403020100, {0x0706050403020100, 0x0f0e0d0c0b0a0908}) == 0x93f5f5799a932462);
}

TEST_CASE("sip_hash: random keys differ") {
  auto const one = sip_hash_key::random();
  auto const other = sip_hash_key::random();
  CHECK(one.first != other.first);
  CHECK(one.second != other.second);
  CHECK(one.first != one.second);
}
