// incoming: a file that is being received.
#pragma once

#include <cstdint>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"
#include "protocol/upload_protocol.hpp"
#include "server/counted_folder.hpp"
#include "server/part_claims.hpp"

namespace samples::upload {

/// The received bytes are in its part, a file in the destination folder. When this object is destroyed, the part stays,
/// so that the upload can be resumed.
class incoming {
 public:
  incoming(offer what, counted_folder::part opened, part_claims::claim claimed);

  [[nodiscard]] offer const& what() const noexcept { return what_; }
  [[nodiscard]] counted_folder::part& part() noexcept { return part_; }
  [[nodiscard]] strait::file& contents() noexcept { return part_.contents(); }
  /// The number of bytes received by this upload and earlier ones.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] bool has_all() const noexcept { return received_ == what_.size; }
  /// Counts `count` bytes that were written to the part.
  void add(std::uint64_t count) noexcept { received_ += count; }

  /// Adds received bytes to the digest by reading them from the part. The bytes of an earlier upload are read only when
  /// the file is complete: otherwise a client that sends nothing could have the part read again and again.
  [[nodiscard]] strait::task<> verify();
  /// Whether the file is complete and its digest is known.
  [[nodiscard]] bool is_verified() const noexcept { return verified_ == what_.size; }
  /// Whether the contents have the offered digest. Requires `is_verified`.
  [[nodiscard]] bool is_right() const { return digester_.value() == what_.digest; }

 private:
  offer what_;
  part_claims::claim claim_;
  counted_folder::part part_;  // closed before the claim is released
  std::uint64_t received_;
  std::uint64_t verified_ = 0;
  digester digester_;
};

}  // namespace samples::upload
