// inbox: the folder that uploads go to. Which files it takes, where they are until they are whole, and how they get
// their names.
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

/// When a file that is offered may take the place of another one of its name.
enum class overwrite : unsigned char { never, same_size, always };

struct inbox_rules {
  upload::overwrite overwrite = overwrite::never;
  std::uint64_t max_file_size = no_size_limit;                   // bytes
  std::uint64_t quota = UINT64_MAX;                              // bytes, of all files, parts and folders together
  std::chrono::nanoseconds keep_parts = std::chrono::hours(72);  // since they were written to last
};

/// What is said of an offer in the end. The text is for people.
struct decision {
  verdict_code code;
  std::string text;
};

/// What a failure at this end means for an offer.
[[nodiscard]] decision refusal_of(std::error_code const& why);

/// For the connections of all threads.
class inbox {
 public:
  /// Makes the folder `path` if it is not there. Counts what is in it, and removes old parts.
  [[nodiscard]] static strait::task<std::unique_ptr<inbox>> open(std::string path, inbox_rules rules);

  /// Whether what is offered is wanted: then where its data goes; else why not. If another connection comes with the
  /// same file before `incoming` is gone, `on_takeover` is called, on this loop's thread: let it go soon. Large files
  /// are compared one at a time for all offers that share `reading`.
  [[nodiscard]] strait::task<std::variant<decision, std::unique_ptr<incoming>>> consider(
      offer const& what, std::function<void()> on_takeover, strait::mutex& reading);

  /// Gives `what`, which is whole and verified, the name under which it was offered, if it is what was offered. Its
  /// part is gone then.
  [[nodiscard]] strait::task<decision> keep(incoming& what, strait::mutex& reading);

  /// Removes parts that are older than the rules say, if no client has asked for them within the last hour. Throws what
  /// the system says, `strait::error`.
  [[nodiscard]] strait::task<> remove_old_parts();

  [[nodiscard]] inbox_rules const& rules() const noexcept { return rules_; }

 private:
  inbox(strait::directory folder, inbox_rules const& rules) noexcept;

  [[nodiscard]] strait::directory const& folder() const noexcept { return contents_.folder(); }
  [[nodiscard]] std::chrono::system_clock::time_point oldest_part() const noexcept;
  strait::task<decision> make_folder(std::string const& name);
  /// What becomes of an offer for the sake of the file that is there; nothing if it may come.
  strait::task<std::optional<decision>> compare(offer const& what, strait::mutex& reading);
  strait::task<digest> digest_of(strait::file& what, std::uint64_t size, strait::mutex& reading);
  strait::task<std::variant<decision, std::unique_ptr<incoming>>> prepare(offer const& what,
                                                                          std::function<void()> on_takeover,
                                                                          strait::mutex& reading);
  strait::task<std::optional<decision>> put_in_place(incoming& what, strait::mutex& reading);
  /// A server that died may have given a file its name and not have synced it.
  [[nodiscard]] bool may_be_unwritten(strait::file_status const& there) const noexcept;
  strait::task<> sync_folders(std::string const& name);

  counted_folder contents_;
  inbox_rules rules_;
  part_claims claims_;
  digest_cache known_;
  std::chrono::system_clock::time_point const opened_at_ = std::chrono::system_clock::now();
  std::atomic<std::int64_t> next_cleaning_;  // nanoseconds, of the steady clock
};

}  // namespace samples::upload
