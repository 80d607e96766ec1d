// progress: what the user of a client is shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/progress_line.hpp"
#include "strait/core/task.hpp"

namespace samples::upload {

struct outgoing_file;

/// On a terminal, a line that says how far all files are; elsewhere, a line for each file that is there. What goes
/// wrong goes to standard error. For one loop's thread.
class progress {
 public:
  explicit progress(bool is_quiet);
  progress(progress const&) = delete;
  progress& operator=(progress const&) = delete;
  ~progress() { erase(); }

  /// All there is to do.
  void expect(std::size_t files, std::uint64_t bytes) noexcept;
  /// A file has become larger or smaller since.
  void resized(outgoing_file& file, std::uint64_t size) noexcept;

  /// The file is being read, for its digest.
  void reading(outgoing_file const& file);
  void nothing_to_read() noexcept { read_.clear(); }
  /// The server has the first `offset` bytes of the file from an earlier try.
  void kept(outgoing_file& file, std::uint64_t offset) noexcept;
  /// It has been sent as far as to `offset`.
  void sent(outgoing_file& file, std::uint64_t offset);
  void stored(outgoing_file& file, std::string const& verdict);
  void refused(outgoing_file& file, std::string const& reason);

  /// A line on standard error.
  void complain(std::string_view line);
  /// Shows how far it is, again and again, until it is canceled.
  strait::task<> refresh();
  /// Nothing more will be shown but a last line with the sums, of `there` files that are there.
  void end(std::size_t there);

 private:
  using clock = rate_meter::clock;
  void advance(outgoing_file& file, std::uint64_t offset) noexcept;
  void draw();
  void erase();
  void tell_of_current();

  bool is_quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  clock::time_point const began_ = clock::now();
  progress_state state_;
  std::uint64_t moved_ = 0;  // over the connections; some perhaps twice
  rate_meter rate_{began_};
  std::string current_;  // the name of the file that was sent last
  std::uint64_t current_done_ = 0;
  std::uint64_t current_size_ = 0;
  std::string read_;                 // the name of the file that was read last
  clock::time_point told_ = began_;  // a line of it
  std::string drawn_;
};

}  // namespace samples::upload
