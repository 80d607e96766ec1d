// upload_rules: checks the order of the messages of a connection, on the server's side. Does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>

#include "protocol/upload_protocol.hpp"

namespace samples::upload {

/// A set of numbers that are mostly consecutive.
class number_set {
 public:
  /// Returns false if the number is already in the set.
  bool insert(std::uint32_t number);
  [[nodiscard]] bool contains(std::uint32_t number) const;

 private:
  // The peer chooses the numbers; gaps must not increase the memory without limit.
  static constexpr std::size_t max_ranges = 4096;
  std::map<std::uint32_t, std::uint32_t> ranges_;  // first and last
};

/// The rules of one connection. Call `received` for every message in order: it throws `protocol_error`, without any
/// other effect, for a message that is not allowed; close the connection then. Call `sent` for every `want` and
/// `verdict` when it is written to the connection.
class upload_rules {
 public:
  /// What to do with the bytes of a `data` message: those of a file that has a verdict are discarded.
  enum class data_action : unsigned char { store, discard };

  /// The values of the server's hello.
  upload_rules(std::uint16_t window, std::uint32_t data_limit) noexcept : window_(window), data_limit_(data_limit) {}

  void received(hello_of_client const& message);
  void received(offer const& message);
  /// Counts all bytes of the message as received.
  [[nodiscard]] data_action received(data const& message);
  void received(withdraw const& message);
  void received(end const& message);
  void received(alive const& message);

  /// Has no effect if the offer was withdrawn meanwhile. Throws `std::logic_error` for an unknown offer or a repeated
  /// answer.
  void sent(want const& message);
  void sent(verdict const& message);

  /// Whether the offer has no verdict and was not withdrawn.
  [[nodiscard]] bool is_open(std::uint32_t id) const { return open_.contains(id); }
  [[nodiscard]] std::size_t open() const noexcept { return open_.size(); }
  /// Returns how many bytes of an open offer are missing: of the wanted ones, or of all if it is not wanted yet.
  [[nodiscard]] std::uint64_t missing(std::uint32_t id) const;
  /// Whether data is due from the client: wanted bytes of an open offer are missing.
  [[nodiscard]] bool is_data_due() const noexcept { return due_ > 0; }
  /// Whether the client has sent `end`.
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  /// Whether the server can send `end`: the client has sent `end`, and no offer is open.
  [[nodiscard]] bool is_over() const noexcept { return has_ended_ && open_.empty(); }

 private:
  struct state {
    std::uint64_t size = 0;
    std::uint64_t next = 0;  // the expected offset
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
  std::size_t due_ = 0;  // how many of open_ have data due
  // The last verdicts, up to the size of the window: the client may have sent data before it received them. It must
  // have received all earlier ones, because offers whose verdicts it has not received count as open in its window.
  std::deque<decided> decided_;
};

}  // namespace samples::upload
