// incoming: a file on its way in.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <strait/strait.hpp>

#include "protocol/digest.hpp"
#include "protocol/upload_protocol.hpp"
#include "server/part_claims.hpp"

namespace samples::upload {

/// How many bytes an inbox has, and has promised to have.
class space_account {
 public:
  /// False, and nothing, if there would be more than `most` then.
  [[nodiscard]] bool reserve(std::uint64_t bytes, std::uint64_t most) noexcept;
  void release(std::uint64_t bytes) noexcept { used_ -= bytes; }
  void add(std::uint64_t bytes) noexcept { used_ += bytes; }

 private:
  std::atomic<std::uint64_t> used_ = 0;
};

/// What has come of a file is in its *part*, a file beside the place where it is to go. When this is gone, the part
/// stays, for the next try.
class incoming {
 public:
  /// The part is open, locked, and holds `received` bytes; room for the others is reserved in `space`.
  incoming(offer what, std::string part_name, strait::file part, std::uint64_t received, part_claims::claim claimed,
           space_account& space);
  incoming(incoming const&) = delete;
  incoming& operator=(incoming const&) = delete;
  ~incoming();

  [[nodiscard]] offer const& what() const noexcept { return what_; }
  [[nodiscard]] strait::file& part() noexcept { return part_; }
  [[nodiscard]] std::string const& part_name() const noexcept { return part_name_; }
  /// Bytes that have come, in this try or an earlier one.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  /// `count` bytes more are in the part.
  void add(std::uint64_t count) noexcept { received_ += count; }

  /// Reads what has come, as far as it has not been read yet.
  [[nodiscard]] strait::task<> verify();
  /// Whether all has come and has been read.
  [[nodiscard]] bool is_verified() const noexcept { return verified_ == what_.size; }
  /// Whether it is what was offered. Then `is_verified`.
  [[nodiscard]] bool is_right() const { return digester_.value() == what_.digest; }

  /// The part has been removed, or has become the file.
  void part_is_gone(std::uint64_t bytes_freed) noexcept;

 private:
  offer what_;
  std::string part_name_;
  part_claims::claim claim_;
  strait::file part_;  // closed before the claim is given up
  std::uint64_t received_;
  std::uint64_t verified_ = 0;
  digester digester_;
  space_account& space_;
  bool has_part_ = true;
};

}  // namespace samples::upload
