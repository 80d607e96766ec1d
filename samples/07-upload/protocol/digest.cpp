#include "protocol/digest.hpp"

#include <cstring>
#include <new>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

namespace samples::upload {

std::string to_hex(digest const& value) { return fmt::format("{:02x}", fmt::join(value, "")); }

struct digester::state {
  XXH3_state_t* hash = XXH3_createState();
  state() {
    if (!hash) throw std::bad_alloc();
    XXH3_128bits_reset(hash);
  }
  state(state const&) = delete;
  state& operator=(state const&) = delete;
  ~state() { XXH3_freeState(hash); }
};

digester::digester() : state_(std::make_unique<state>()) {}
digester::digester(digester&&) noexcept = default;
digester& digester::operator=(digester&&) noexcept = default;
digester::~digester() = default;

void digester::update(strait::const_buffer bytes) { XXH3_128bits_update(state_->hash, bytes.data(), bytes.size()); }

digest digester::value() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->hash));
  digest value;
  static_assert(sizeof canonical.digest == sizeof value);
  std::memcpy(value.data(), canonical.digest, sizeof value);
  return value;
}

}  // namespace samples::upload
