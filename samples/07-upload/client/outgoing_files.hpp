// outgoing_files: the files to upload and their states, across several connections.
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
  std::uint64_t sent = 0;         ///< bytes that are counted as done
  std::uint64_t farthest = 0;     ///< the highest offset from which the server has requested data
  bool was_resumed = false;       ///< the last request was not from the beginning
  bool is_offered_again = false;  ///< because the data that the server had kept was wrong
};

/// Not thread-safe.
class outgoing_files {
 public:
  outgoing_files(std::vector<listed_file> files, progress& shown);

  /// Computes the digests of all files, a few files ahead of `take`.
  strait::task<> prepare();
  [[nodiscard]] bool is_preparing() const noexcept { return prepared_ != files_.size(); }

  /// Returns the next file that can be offered, or null if there is none at present.
  [[nodiscard]] outgoing_file* take();
  /// Returns a file that was taken, so that it is offered again.
  void put_back(outgoing_file& file);

  // The result of a file that was taken.
  void mark_stored(outgoing_file& file, std::string const& verdict);
  void mark_refused(outgoing_file& file, std::string const& reason);

  /// Whether all files have a result.
  [[nodiscard]] bool are_done() const noexcept { return undecided_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
  [[nodiscard]] std::size_t stored() const noexcept { return stored_; }

  /// Records progress that the next connection need not repeat.
  void note_progress() noexcept { ++steps_; }
  /// How often `note_progress` was called.
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  /// Set when there is something to do.
  [[nodiscard]] strait::event& changed() noexcept { return changed_; }

 private:
  strait::task<bool> read_digest(outgoing_file& file);

  std::deque<outgoing_file> files_;
  std::deque<outgoing_file*> ready_;
  std::size_t prepared_ = 0;
  std::size_t undecided_;
  std::size_t stored_ = 0;
  std::uint64_t steps_ = 0;
  progress& shown_;
  strait::event changed_;
  strait::event room_;  // set when another file may be prepared
};

}  // namespace samples::upload
