// upload_rules: in which order the messages of an upload may come, as the server sees it. No input or output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "protocol/upload_protocol.hpp"

namespace samples::upload {

/// Some of many numbers, of which most are neighbours.
class number_set {
 public:
  /// False if it is in it already.
  bool insert(std::uint32_t number);
  [[nodiscard]] bool contains(std::uint32_t number) const;

 private:
  // A peer decides which numbers come: one that leaves gaps everywhere must not cost more and more memory.
  static constexpr std::size_t most_ranges = 4096;
  std::map<std::uint32_t, std::uint32_t> ranges_;  // first and last
};

/// Of one connection. It is told of every message that comes, in order, and throws `protocol_error` for one that may
/// not come now; then nothing has changed, and the connection is to be ended. It is told of every `want` and `verdict`
/// that is sent, when they are given to the connection.
class upload_rules {
 public:
  /// What is to be done with the bytes of a `data`: nobody needs those of a file that has its verdict.
  enum class use : unsigned char { store, throw_away };

  /// As the server's hello has them.
  upload_rules(std::uint16_t window, std::uint32_t data_limit) noexcept : window_(window), data_limit_(data_limit) {}

  void came(hello_of_client const& message);
  void came(offer const& message);
  /// All its bytes count as come.
  [[nodiscard]] use came(data const& message);
  void came(withdraw const& message);
  void came(end const& message);
  void came(alive const& message);

  /// Of an offer that has been withdrawn meanwhile, they change nothing. For one that never came, or that has been
  /// answered like this before, they throw `std::logic_error`.
  void sent(want const& message);
  void sent(verdict const& message);

  /// Whether the offer has neither a verdict nor been withdrawn.
  [[nodiscard]] bool is_open(std::uint32_t id) const { return open_.contains(id); }
  [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }
  /// How many bytes of an open offer have not come: all that are wanted, or all it has while none are.
  [[nodiscard]] std::uint64_t missing(std::uint32_t id) const;
  /// Whether the client has something to send: bytes of an open offer that are wanted and have not come.
  [[nodiscard]] bool is_data_due() const noexcept { return due_ > 0; }
  /// Whether the client's `end` has come.
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  /// Whether there is nothing left but to send `end`: the client's has come, and all is decided.
  [[nodiscard]] bool is_over() const noexcept { return has_ended_ && open_.empty(); }

 private:
  struct state {
    std::uint64_t size = 0;
    std::uint64_t next = 0;  // the offset of what is to come next
    bool is_wanted = false;
    bool is_directory = false;
    [[nodiscard]] std::uint64_t missing() const noexcept { return size - next; }
    [[nodiscard]] bool is_due() const noexcept { return is_wanted && missing() > 0; }
  };
  struct decided {
    std::uint32_t id = 0;
    state file;
  };

  void expect_more(std::string_view message) const;
  state* find_open(std::uint32_t id);
  state* find_decided(std::uint32_t id);
  void close(std::uint32_t id);

  std::uint16_t window_;
  std::uint32_t data_limit_;
  bool has_begun_ = false;
  bool has_ended_ = false;
  number_set used_;
  std::map<std::uint32_t, state> open_;
  std::size_t due_ = 0;  // how many of them are
  // The last verdicts, as many as the window has: the client may not have seen them when it sent what comes now. It has
  // seen all before, since it takes each that it has not seen for open, and may have no more of these.
  std::deque<decided> decided_;
};

}  // namespace samples::upload
