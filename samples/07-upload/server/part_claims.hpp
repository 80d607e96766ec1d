// part_claims: ensures that only one connection at a time writes to a part.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <strait/strait.hpp>

namespace samples::upload {

/// When a client reconnects, its old connection may still seem to be open. Therefore the newest claim on a part has
/// priority: the holder is asked to release the part, and all waiting claims except the newest are refused at once.
/// Thread-safe.
class part_claims {
  struct claimant;

 public:
  /// Exclusive access to a part, until it is destroyed. Belongs to the event loop on which it was taken.
  class claim {
   public:
    claim(claim&&) noexcept = default;
    claim& operator=(claim&&) = delete;
    ~claim();

   private:
    friend class part_claims;
    claim(part_claims& of, std::string part, std::shared_ptr<claimant> mine);
    part_claims* of_;
    std::string part_;
    std::shared_ptr<claimant> mine_;
  };

  /// Waits until the holder of `part` has released it. Returns nothing if a newer claim was made meanwhile. When a
  /// newer claim is made later, `on_takeover` is called once on this loop's thread; release the claim soon after.
  [[nodiscard]] strait::task<std::optional<claim>> take(std::string part, std::function<void()> on_takeover);

 private:
  enum class standing : unsigned char { waits, holds, refused };

  struct claimant {
    strait::event_loop& loop;
    std::function<void()>
        on_takeover;         // empty after it was called or the claim released; used only on the loop's thread
    strait::event has_news;  // used only on the loop's thread; set when `where` may have changed
    standing where = standing::waits;  // guarded by the mutex
    bool is_asked = false;             // guarded by the mutex
  };
  struct place {
    std::shared_ptr<claimant> holder;
    std::shared_ptr<claimant> next;
  };

  void enter(std::string const& part, std::shared_ptr<claimant> const& mine);
  void leave(std::string const& part, claimant const& mine) noexcept;
  [[nodiscard]] standing standing_of(claimant const& mine);

  std::mutex mutex_;  // while it is locked, the loops of all claimants in `places_` exist
  std::unordered_map<std::string, place> places_;
};

}  // namespace samples::upload
