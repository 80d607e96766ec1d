// outgoing_files: what a client has to send, from the list to each file's verdict, over as many connections as it
// takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "client/file_list.hpp"
#include "client/progress.hpp"
#include "protocol/digest.hpp"
#include "strait/core/event.hpp"
#include "strait/core/task.hpp"

namespace samples::upload {

struct outgoing_file {
  listed_file what;
  upload::digest digest{};
  std::uint64_t sent = 0;         ///< so much of it counts as done
  std::uint64_t farthest = 0;     ///< from which the server has wanted data
  bool was_resumed = false;       ///< it has, the last time, and not from the beginning
  bool is_offered_again = false;  ///< since what the server had kept was wrong
};

/// For one loop's thread.
class outgoing_files {
 public:
  outgoing_files(std::vector<listed_file> files, progress& shown);

  /// Reads the digests, of some files more than have been taken; ends when it has read all.
  strait::task<> prepare();
  [[nodiscard]] bool is_preparing() const noexcept { return prepared_ != files_.size(); }

  /// The next one that can be offered; none now.
  [[nodiscard]] outgoing_file* take();
  /// It is to be offered on the next connection, or once more on this one.
  void put_back(outgoing_file& file);

  // What has become of one that was taken.
  void is_there(outgoing_file& file, std::string const& verdict);
  void is_not_there(outgoing_file& file, std::string const& reason);

  /// Whether all have been decided.
  [[nodiscard]] bool are_done() const noexcept { return undecided_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
  [[nodiscard]] std::size_t there() const noexcept { return there_; }

  /// A connection has brought something that a later one need not do again.
  void note_progress() noexcept { ++steps_; }
  /// How often that was.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  /// Is set when there is something new to do.
  [[nodiscard]] strait::event& news() noexcept { return news_; }

 private:
  strait::task<bool> read_digest(outgoing_file& file);

  std::deque<outgoing_file> files_;
  std::deque<outgoing_file*> ready_;
  std::size_t prepared_ = 0;
  std::size_t undecided_;
  std::size_t there_ = 0;
  std::uint64_t steps_ = 0;
  progress& shown_;
  strait::event news_;
  strait::event room_;  // for more that are ready
};

}  // namespace samples::upload
