// Copies between sockets: the choice between memory and splice, and the byte counts of failures.
#include "strait/io/copy.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "strait/core/sleep.hpp"
#include "strait/net/detail/splice.hpp"
#include "strait/net/detail/stream_end.hpp"

namespace strait::detail {
namespace {

/// Decides whether to copy through memory or to splice, by the sizes of the pieces that arrive. Copying through memory
/// needs one system call less, which up to about 16 KiB at a time costs more than the copy.
class adaptive_way {
 public:
  [[nodiscard]] bool wants_splice() const noexcept { return splices_; }

  /// A read that fills the block suggests that there is more.
  void have_read(std::size_t size) noexcept {
    if (size < borrowed_bytes::capacity || ++full_reads_ < full_reads_wanted_) return;
    splices_ = true;
    small_splices_ = 0;
  }
  void have_spliced(std::size_t size) noexcept {
    if (size > borrowed_bytes::capacity) {
      small_splices_ = 0;
      full_reads_wanted_ = 1;
    } else if (++small_splices_ == 2) {
      read_on(std::min(2 * full_reads_wanted_, patience));
    }
  }
  /// A pipe could not be created, or the data cannot be spliced.
  void was_refused() noexcept { read_on(patience); }

 private:
  static constexpr int patience = 64;
  void read_on(int before_next_try) noexcept {
    splices_ = false;
    full_reads_ = 0;
    full_reads_wanted_ = before_next_try;
  }

  bool splices_ = false;
  int small_splices_ = 0;  // in a row
  int full_reads_ = 0;     // since the last attempt to splice
  int full_reads_wanted_ = 1;
};

/// The same as `copy_by_memory`, with splice.
task<bool> copy_by_splice(socket_stream& from, socket_stream& to, copy_progress& progress, adaptive_way& way) {
  spliced_bytes bytes;
  auto write = [&] { return splice_access::write(to, bytes); };
  while (way.wants_splice()) {
    progress.is_writing = false;
    auto const size = co_await splice_access::read(from, bytes);
    if (bytes.is_refused()) {
      way.was_refused();
      break;
    }
    if (size == 0) co_return true;
    way.have_spliced(size);
    progress.is_writing = true;
    bool is_canceled = false;
    try {
      while (bytes.size() != 0) progress.written += co_await write();
    } catch (canceled const&) {
      is_canceled = true;
    }
    if (is_canceled) {
      progress.written += co_await write_what_fits(write);
      throw canceled();
    }
  }
  co_return false;
}

bool is_loss(std::error_code code) noexcept {
  for (auto const each :
       {std::errc::connection_reset, std::errc::connection_aborted, std::errc::timed_out, std::errc::host_unreachable,
        std::errc::network_unreachable, std::errc::network_down, std::errc::network_reset})
    if (code == each) return true;
  return false;
}

}  // namespace

std::size_t moved_before(std::exception_ptr const& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (canceled const& c) {
    return c.transferred();
  } catch (error const& e) {
    return e.transferred();
  } catch (...) {
    return 0;
  }
}

bool is_cancel(std::exception_ptr const& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (canceled const&) {
    return true;
  } catch (...) {
    return false;
  }
}

bool both_ways::fail(std::exception_ptr const& with, copy_progress const& progress) noexcept {
  std::error_code code;
  try {
    std::rethrow_exception(with);
  } catch (timed_out const&) {  // a limit of this side, not a loss of the connection
  } catch (std::system_error const& e) {
    code = e.code();
  } catch (...) {}
  // The stream that one direction writes is the one that the other reads.
  if (is_loss(code)) ((&progress == &there) != progress.is_writing ? there : back).has_lost_source = true;
  if (failure) return false;
  failure = with;
  failed = &progress;
  other_may_go_on = progress.is_writing && (code == std::errc::connection_reset || code == std::errc::broken_pipe ||
                                            code == std::errc::not_connected);
  return true;
}

task<> delivery(tcp::stream& to) {
  constexpr std::chrono::seconds longest_standstill{2};
  constexpr std::chrono::milliseconds longest_pause{50};
  std::chrono::milliseconds pause{1};
  auto moved_at = clock::now();
  auto left = undelivered_bytes(to);
  while (left != 0 && clock::now() - moved_at < longest_standstill) {
    co_await sleep_for(pause);
    pause = std::min(2 * pause, longest_pause);
    auto const before = std::exchange(left, undelivered_bytes(to));
    if (left < before) moved_at = clock::now();
  }
}

void throw_with_transferred(std::exception_ptr const& failure, std::uint64_t written) {
  auto const transferred = static_cast<std::size_t>(written);
  try {
    std::rethrow_exception(failure);
  } catch (canceled& ended) {
    ended.transferred(transferred);
    throw;
  } catch (error& failed) {
    failed.transferred(transferred);
    throw;
  }
}

task<> cancel_soon(cancel_scope& scope) {
  co_await yield();
  scope.cancel();
}

task<> copy_to_end(socket_stream& from, socket_stream& to, copy_progress& progress) {
  adaptive_way way;
  for (;;) {
    if (co_await copy_by_memory(from, to, progress, way)) co_return;
    if (co_await copy_by_splice(from, to, progress, way)) co_return;
  }
}

}  // namespace strait::detail
