// The digest of a file: XXH3 with 128 bits, which is as fast as memory. It detects accidental errors of disks and
// connections, but it is not cryptographic: two files with the same digest can be constructed.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "strait/base/buffer.hpp"

namespace samples::upload {

/// Big-endian ("canonical" representation).
using digest = std::array<unsigned char, 16>;

/// Returns 32 hexadecimal digits, as `xxh128sum` prints them.
[[nodiscard]] std::string to_hex(digest const& value);

/// Computes a digest incrementally.
class digester {
 public:
  digester();
  digester(digester&&) noexcept;
  digester& operator=(digester&&) noexcept;
  ~digester();

  void update(strait::const_buffer bytes);
  /// The digest of the bytes added so far.
  [[nodiscard]] digest value() const;

 private:
  struct state;  // the name of xxHash's type depends on how xxHash is compiled
  std::unique_ptr<state> state_;
};

}  // namespace samples::upload
