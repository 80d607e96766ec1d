// progress: shows the user the progress and the results of uploads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/progress_line.hpp"
#include "strait/core/task.hpp"

namespace samples::upload {

struct outgoing_file;

/// On a terminal, shows a progress line for all files; otherwise, prints a line for each stored file. Errors are
/// printed to standard error. Not thread-safe.
class progress {
 public:
  explicit progress(bool is_quiet);
  progress(progress const&) = delete;
  progress& operator=(progress const&) = delete;
  ~progress() { erase(); }

  /// Sets the totals.
  void expect(std::size_t files, std::uint64_t bytes) noexcept;
  /// The size of a file has changed.
  void resized(outgoing_file& file, std::uint64_t size) noexcept;

  /// The digest of the file is being computed.
  void reading(outgoing_file const& file);
  void nothing_to_read() noexcept { read_.clear(); }
  /// The server has the first `offset` bytes of the file from an earlier upload.
  void kept(outgoing_file& file, std::uint64_t offset) noexcept;
  /// The file has been sent up to `offset`.
  void sent(outgoing_file& file, std::uint64_t offset);
  void stored(outgoing_file& file, std::string const& verdict);
  void refused(outgoing_file& file, std::string const& reason);

  /// Prints a line to standard error.
  void report_error(std::string_view line);
  /// Redraws the progress line periodically, until it is canceled.
  strait::task<> refresh();
  /// Prints the summary; `stored` is the number of files that are on the server.
  void end(std::size_t stored);

 private:
  using clock = rate_meter::clock;
  void advance(outgoing_file& file, std::uint64_t offset) noexcept;
  void draw();
  void erase();
  void print_current();

  bool is_quiet_;
  bool is_terminal_;
  bool is_drawn_ = false;
  clock::time_point const began_ = clock::now();
  progress_state state_;
  std::uint64_t moved_ = 0;  // bytes sent, including those that were sent again
  rate_meter rate_{began_};
  std::string current_;  // the name of the file that is being sent
  std::uint64_t current_done_ = 0;
  std::uint64_t current_size_ = 0;
  std::string read_;                       // the name of the file that is being read
  clock::time_point printed_at_ = began_;  // when print_current last printed a line
  std::string drawn_;
};

}  // namespace samples::upload
