// Receiving a file from a socket.
#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "io/file_place.hpp"
#include "net/descriptor.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/thread_pool.hpp"
#include "strait/io/file_transfer.hpp"
#include "strait/net/detail/splice.hpp"

namespace strait::detail {
namespace {

// Smaller amounts are not worth a pipe.
constexpr std::uint64_t least_spliced = 64 * 1024;
// The amount that is copied through memory after splicing failed, before it is tried again.
constexpr std::uint64_t by_memory_before_next_try = 1024 * 1024;
// A pipe that is full with fewer bytes contains many small pieces.
constexpr std::size_t least_full = 16 * 1024;

/// Receives data from a socket into a file without copying. The loop waits for the data; a thread of the pool, which
/// may wait for the disk, writes it and continues with data that arrives meanwhile.
class socket_receiving {
 public:
  socket_receiving(socket_stream& from, transfer_account& transfer, file_place place) noexcept
      : from_(from), transfer_(transfer), is_in_memory_(place == file_place::memory) {}
  socket_receiving(socket_receiving const&) = delete;
  socket_receiving& operator=(socket_receiving const&) = delete;

  /// Receives and stores as much as can be spliced. Returns false if the stream has ended. Everything received is in
  /// the file when it completes, unless it throws `file_write_failed`.
  task<bool> receive() {
    is_refused_ = false;
    while (may_take()) {
      co_await fill();
      if (pipe_.size() == 0) break;
      if (is_in_memory_) store_at_once();
      else co_await store();
    }
    if (failure_) std::rethrow_exception(failure_);
    co_return !has_ended_;
  }

 private:
  [[nodiscard]] bool may_take() const noexcept {
    return !failure_ && !has_ended_ && !is_refused_ && transfer_.wanted() != 0;
  }
  task<> fill();
  task<> take();
  task<> store();
  void store_at_once();
  int socket_for_threads() noexcept;
  void have_stored(std::error_code code);

  socket_stream& from_;
  transfer_account& transfer_;
  spliced_bytes pipe_;
  unique_descriptor socket_;
  std::exception_ptr failure_;  // of the stream, or of the progress hook
  bool has_ended_ = false;
  bool is_refused_ = false;
  bool const is_in_memory_;
};

/// Receives as much as is worth a write. Does not throw.
task<> socket_receiving::fill() {
  auto const enough = is_in_memory_ ? spliced_bytes::max_size : worth_a_write;
  try {
    if (is_in_memory_ && transfer_.received() != 0) co_await yield();
    for (auto before = pipe_.size(); may_take() && pipe_.size() < enough; before = pipe_.size()) {
      co_await take();
      if (pipe_.size() == before) break;
      if (pipe_.size() >= worth_a_write) break;
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
}

task<> socket_receiving::take() {
  auto const most = std::min<std::uint64_t>(spliced_bytes::max_size - pipe_.size(), transfer_.wanted());
  auto const size = co_await splice_access::read(from_, pipe_, static_cast<std::size_t>(most));
  transfer_.add_received(size);
  is_refused_ = pipe_.is_refused() || (pipe_.is_full() && pipe_.size() < least_full);
  has_ended_ = size == 0 && !pipe_.is_refused() && !pipe_.is_full();
}

/// A duplicate of the socket's descriptor, which stays valid if the stream is closed; -1 if there is none.
int socket_receiving::socket_for_threads() noexcept {
  if (socket_.get() < 0)
    socket_ = unique_descriptor(::fcntl(from_.native_handle(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return socket_.get();
}

/// Stores everything received in the file, even if the task is canceled.
task<> socket_receiving::store() {
  int const socket = may_take() ? socket_for_threads() : -1;
  int const file = transfer_.what().native_handle();
  auto const position = transfer_.position();
  auto const more = socket < 0 ? 0 : transfer_.wanted();
  if (more != 0) splice_access::leave_loop(from_);
  auto const work = [this, socket, file, position, more] { return pipe_.pass_on(socket, file, position, more); };
  std::error_code code;
  spliced_bytes::passed done;
  try {
    done = co_await shield(on_thread_pool(work));
    code.assign(done.file_failure, std::system_category());
  } catch (std::system_error const& e) {  // no thread could be started
    code = e.code();
  }
  splice_access::have_read(from_, done.taken);
  transfer_.add_received(done.taken);
  transfer_.add_moved(done.stored);
  pipe_.stored();
  if (done.socket_failure != 0) {
    splice_access::failed(from_, done.socket_failure);
    auto const failed = system_failure(done.socket_failure, fmt::format("read from {}", peer_name(from_)));
    failure_ = std::make_exception_ptr(failed);
  }
  have_stored(code);
}

void socket_receiving::store_at_once() {
  auto const size = pipe_.size();
  int const failure = pipe_.store(transfer_.what().native_handle(), transfer_.position());
  transfer_.add_moved(size - pipe_.size());
  pipe_.stored();
  have_stored(std::error_code(failure, std::system_category()));
}

void socket_receiving::have_stored(std::error_code code) {
  if (code) throw_write_failed(transfer_, code);
  if (failure_) return;
  try {
    transfer_.report_progress();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

}  // namespace

task<> receive_over_socket(socket_stream& from, transfer_account& transfer) {
  auto const place = place_of(transfer.what(), transfer.position(), transfer.wanted());
  if (place == file_place::elsewhere || transfer.wanted() < least_spliced) {
    co_await receive_by_memory(from, transfer, transfer.wanted());
    co_return;
  }
  socket_receiving receiving(from, transfer, place);
  while (transfer.wanted() != 0) {
    bool goes_on = co_await receiving.receive();
    if (goes_on) goes_on = co_await receive_by_memory(from, transfer, by_memory_before_next_try);
    if (!goes_on) co_return;
  }
}

}  // namespace strait::detail
