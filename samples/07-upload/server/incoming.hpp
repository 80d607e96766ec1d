// incoming: a file on its way in.
#pragma once

#include <cstdint>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"
#include "protocol/upload_protocol.hpp"
#include "server/counted_folder.hpp"
#include "server/part_claims.hpp"

namespace samples::upload {

/// What has come of a file is in its *part*, a file beside the place where it is to go. When this is gone, the part
/// stays, for the next try.
class incoming {
 public:
  incoming(offer what, counted_folder::part opened, part_claims::claim claimed);

  [[nodiscard]] offer const& what() const noexcept { return what_; }
  [[nodiscard]] counted_folder::part& part() noexcept { return part_; }
  [[nodiscard]] strait::file& contents() noexcept { return part_.contents(); }
  /// Bytes that have come, in this try or an earlier one.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] bool has_all() const noexcept { return received_ == what_.size; }
  /// `count` bytes more are in the part.
  void add(std::uint64_t count) noexcept { received_ += count; }

  /// Reads what has arrived and has not been read yet. If an earlier try has brought a part of it, nothing is read
  /// before all has arrived: else a client that sends no more could have the part read over and over.
  [[nodiscard]] strait::task<> verify();
  /// Whether all has come and has been read.
  [[nodiscard]] bool is_verified() const noexcept { return verified_ == what_.size; }
  /// Whether it is what was offered. Then `is_verified`.
  [[nodiscard]] bool is_right() const { return digester_.value() == what_.digest; }

 private:
  offer what_;
  part_claims::claim claim_;
  counted_folder::part part_;  // closed before the claim is given up
  std::uint64_t received_;
  std::uint64_t verified_ = 0;
  digester digester_;
};

}  // namespace samples::upload
