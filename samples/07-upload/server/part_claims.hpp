// part_claims: which connection works on which part, so that no two write into one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include <strait/strait.hpp>

namespace samples::upload {

/// A line that has dropped may still look alive to the server when its client is back on another one. So the newest
/// claim on a part wins: the holder of the part is asked to let go, and of the claims that wait, all but the newest are
/// refused at once. For the connections of all threads.
class part_claims {
  struct claimant;

 public:
  /// Until it is destroyed, nobody else has the part. Belongs to the loop on which it was taken.
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

  /// Completes when the former holder of `part` has let go; returns nothing if a newer claim was made meanwhile. When a
  /// newer one is made later, `on_takeover` is called, once, on this loop's thread: then give the claim up soon.
  [[nodiscard]] strait::task<std::optional<claim>> take(std::string part, std::function<void()> on_takeover);

 private:
  enum class standing : unsigned char { waits, holds, refused };

  struct claimant {
    strait::event_loop& loop;
    std::function<void()> on_takeover;  // empty when the claim is gone, or was asked; for the loop's thread only
    strait::event has_news;             // for the loop's thread only: `where` may have changed
    standing where = standing::waits;   // guarded by the mutex
    bool is_asked = false;              // guarded by the mutex
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
