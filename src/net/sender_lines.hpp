// sender_lines: the sends that wait on one datagram socket, and which of them come first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "strait/core/detail/intrusive_list.hpp"
#include "strait/net/detail/datagram_awaiter.hpp"

namespace strait::detail {

/// Sends in the order in which they came. One that has a receiver of its own waits only for those to the same receiver
/// and for those that have none, which wait for all before them. Each begins, ends and goes on in constant time,
/// however many wait. Allocates when there are more receivers than ever before; without memory it is slower.
class sender_lines {
 public:
  sender_lines() noexcept;
  sender_lines(sender_lines const&) = delete;
  sender_lines& operator=(sender_lines const&) = delete;

  /// Whether nothing that waits comes before `operation`, which is about to begin.
  [[nodiscard]] bool is_free_for(datagram_awaiter const& operation) const noexcept {
    return count_ == 0 || first_of_its_line(operation);
  }
  void push_back(datagram_awaiter& operation) noexcept;
  /// Takes `operation` out, and has go on what has waited for it.
  void remove(datagram_awaiter& operation) noexcept;

  /// Calls `what` with each, which must leave the lines as they are.
  template <class F>
  void for_each(F what) const {
    for (std::size_t i = 0; i != line_count_; ++i)
      for (auto* each = lines_[i].front(); each; each = lines_[i].next(*each)) what(*each);
    for (auto* each = held_.front(); each; each = held_.next(*each)) what(*each);
  }
  /// Takes all out, and calls `what` with each.
  template <class F>
  void clear(F what) {
    for (std::size_t i = 0; i != line_count_; ++i) clear(lines_[i], what);
    clear(held_, what);
    count_ = apart_ = 0;
  }

 private:
  using line = intrusive_list<datagram_awaiter>;

  template <class F>
  static void clear(line& from, F& what) {
    while (auto* const each = from.front()) {
      each->unlink();
      what(*each);
    }
  }
  [[nodiscard]] bool first_of_its_line(datagram_awaiter const& operation) const noexcept;
  [[nodiscard]] std::uint64_t hash_of(datagram_awaiter const& operation) const noexcept;
  [[nodiscard]] line& line_of(std::uint64_t hash) const noexcept { return lines_[hash & (line_count_ - 1)]; }
  [[nodiscard]] datagram_awaiter* first_like(datagram_awaiter const& operation, std::uint64_t hash) const noexcept;
  void set_apart(datagram_awaiter& operation, std::uint64_t hash) noexcept;
  void add_lines() noexcept;
  void go_on_with_held() noexcept;
  /// Its turn has come, unless it has come before.
  static void begin(datagram_awaiter& operation) noexcept;

  std::size_t count_ = 0;
  std::size_t apart_ = 0;
  // Those that have receivers of their own, and nothing before them that has none: by the hash of the receiver.
  line only_line_;
  line* lines_ = &only_line_;
  std::size_t line_count_ = 1;  // a power of two
  std::unique_ptr<line[]> many_lines_;
  line held_;  // from the first that has none on
  std::uint64_t const seed_;
};

}  // namespace strait::detail
