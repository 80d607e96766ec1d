// The digest of a file's contents: XXH3, 128 bits, which is as fast as memory. It finds what disks and lines do to a
// file by accident; who wants to make two files with the same digest can.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "strait/base/buffer.hpp"

namespace samples::upload {

/// The number, most significant byte first ("canonical").
using digest = std::array<unsigned char, 16>;

/// As `xxh128sum` prints it: 32 hexadecimal digits.
[[nodiscard]] std::string to_hex(digest const& value);

/// Takes the contents piece by piece.
class digester {
 public:
  digester();
  digester(digester&&) noexcept;
  digester& operator=(digester&&) noexcept;
  ~digester();

  void update(strait::const_buffer bytes);
  /// Of all that has been taken so far.
  [[nodiscard]] digest value() const;

 private:
  struct state;  // whose type has another name when xxHash is compiled in
  std::unique_ptr<state> state_;
};

}  // namespace samples::upload
