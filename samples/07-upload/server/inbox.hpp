// inbox: the folder that receives uploads. Decides which files are accepted, stores incomplete files as parts, and
// renames complete ones.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <variant>

#include <strait/strait.hpp>

#include "protocol/upload_protocol.hpp"
#include "server/counted_folder.hpp"
#include "server/digest_cache.hpp"
#include "server/incoming.hpp"
#include "server/part_claims.hpp"

namespace samples::upload {

/// When an offered file may replace another file with the same name.
enum class overwrite : unsigned char { never, same_size, always };

struct inbox_rules {
  upload::overwrite overwrite = overwrite::never;
  std::uint64_t max_file_size = no_size_limit;                   // bytes
  std::uint64_t quota = UINT64_MAX;                              // bytes, of all files, parts and folders together
  std::chrono::nanoseconds keep_parts = std::chrono::hours(72);  // since the last write
};

/// The verdict on an offer, with a text for people.
struct decision {
  verdict_code code;
  std::string text;
};

/// Returns the verdict for an offer that failed with a local error.
[[nodiscard]] decision refusal_of(std::error_code const& why);

/// Thread-safe: the connections of all threads share one inbox.
class inbox {
 public:
  /// Opens the folder `path`, and creates it if it does not exist. Counts its contents, and removes old parts.
  [[nodiscard]] static strait::task<std::unique_ptr<inbox>> open(std::string path, inbox_rules rules);

  /// Decides whether the offered file is wanted. Returns the file to receive, or the verdict if it is not wanted. If
  /// another connection offers the same file before the `incoming` is destroyed, `on_takeover` is called on this loop's
  /// thread; destroy the `incoming` soon after. Offers that share `reading` compare large files one at a time.
  [[nodiscard]] strait::task<std::variant<decision, std::unique_ptr<incoming>>> accept_offer(
      offer const& what, std::function<void()> on_takeover, strait::mutex& reading);

  /// Renames the part of `what`, which must be complete and verified, to its offered name if its digest is as offered;
  /// otherwise removes the part.
  [[nodiscard]] strait::task<decision> finish(incoming& what, strait::mutex& reading);

  /// Removes parts that are older than the rules allow, at most once per hour. Throws `strait::error`.
  [[nodiscard]] strait::task<> remove_old_parts();

  [[nodiscard]] inbox_rules const& rules() const noexcept { return rules_; }

 private:
  inbox(strait::directory folder, inbox_rules const& rules) noexcept;

  [[nodiscard]] strait::directory const& folder() const noexcept { return contents_.folder(); }
  [[nodiscard]] std::chrono::system_clock::time_point oldest_part() const noexcept;
  strait::task<decision> create_folder(std::string const& name);
  /// Compares an offer with the existing file of its name. Returns a verdict, or nothing if the file may be received.
  strait::task<std::optional<decision>> compare(offer const& what, strait::mutex& reading);
  strait::task<digest> digest_of(strait::file& what, std::uint64_t size, strait::mutex& reading);
  strait::task<std::variant<decision, std::unique_ptr<incoming>>> prepare(offer const& what,
                                                                          std::function<void()> on_takeover,
                                                                          strait::mutex& reading);
  strait::task<std::optional<decision>> rename_part(incoming& what, strait::mutex& reading);
  /// Whether a server that crashed may have renamed this file without syncing it.
  [[nodiscard]] bool may_be_unwritten(strait::file_status const& there) const noexcept;
  strait::task<> sync_folders(std::string const& name);

  counted_folder contents_;
  inbox_rules rules_;
  part_claims claims_;
  digest_cache known_;
  std::chrono::system_clock::time_point const opened_at_ = std::chrono::system_clock::now();
  std::atomic<std::int64_t> next_cleaning_;  // nanoseconds of the steady clock
};

}  // namespace samples::upload
