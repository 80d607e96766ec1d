// part_claims: who is working on which part, so that nobody writes into another's.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <strait/strait.hpp>

namespace samples::upload {

/// A line that has dropped may still look alive to the server when its client is back on another one. So who comes
/// later takes a part over: the one who has it is told, and lets go. For the connections of all threads.
class part_claims {
  struct holder;

 public:
  /// Until it is destroyed, nobody else has the part. Belongs to the loop on which it was taken.
  class claim {
   public:
    claim(claim&&) noexcept = default;
    claim& operator=(claim&&) = delete;
    ~claim();

   private:
    friend class part_claims;
    claim(part_claims& of, std::string part, std::shared_ptr<holder> mine);
    part_claims* of_;
    std::string part_;
    std::shared_ptr<holder> mine_;
  };

  /// Completes when whoever has had `part` has let go. When somebody else comes for it, `on_takeover` is called, once,
  /// on this loop's thread: then give the claim up soon.
  [[nodiscard]] strait::task<claim> take(std::string part, std::function<void()> on_takeover);

 private:
  struct holder {
    strait::event_loop& loop;
    std::function<void()> on_takeover;  // empty when the claim is gone, or has been told; for the loop's thread only
    bool is_asked = false;
  };

  /// Whether `mine` has the part now; if not, asks who has it to let go.
  bool try_take(std::string const& part, std::shared_ptr<holder> const& mine);
  void give_back(std::string const& part) noexcept;

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<holder>> holders_;
};

}  // namespace samples::upload
