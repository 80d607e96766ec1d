// How a file is received from a socket.
#include <algorithm>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "io/file_place.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/thread_pool.hpp"
#include "strait/io/file_transfer.hpp"
#include "strait/net/detail/splice.hpp"

namespace strait::detail {
namespace {

// For less, it is not worth a pipe.
constexpr std::uint64_t least_spliced = 64 * 1024;
// So much goes by memory when something could not be spliced, before it is tried again.
constexpr std::uint64_t by_memory_before_next_try = 1024 * 1024;
// A pipe that is full of less than that is full of small pieces.
constexpr std::size_t least_full = 16 * 1024;

/// Bytes on their way from a socket to a file, without a copy: while a thread writes the one pipe's to the file, the
/// loop fills the other.
class socket_receiving {
 public:
  socket_receiving(socket_stream& from, transfer_account& transfer, file_place place) noexcept
      : from_(from), transfer_(transfer), is_in_memory_(place == file_place::memory) {}
  socket_receiving(socket_receiving const&) = delete;
  socket_receiving& operator=(socket_receiving const&) = delete;

  /// Takes and stores all that is to be had this way; false: the stream has ended. What has been taken is in the file
  /// when it completes, unless it throws `file_write_failed`.
  task<bool> receive() {
    is_refused_ = false;
    spliced_bytes* full = &pipes_[0];
    spliced_bytes* next = &pipes_[1];
    co_await fill(*full, nullptr);
    while (full->size() != 0) {
      if (is_in_memory_) {
        store_at_once(*full);
        std::swap(full, next);
        co_await fill(*full, nullptr);
      } else {
        co_await store_while_filling(*full, *next);
        std::swap(full, next);
      }
    }
    if (failure_) std::rethrow_exception(failure_);
    co_return !has_ended_;
  }

 private:
  /// What ends the filling of a pipe while the other one is being written.
  struct filling_end {
    cancel_scope scope;
    bool is_wanted = false;  // as soon as there is enough
  };

  [[nodiscard]] bool may_take() const noexcept {
    return !failure_ && !has_ended_ && !is_refused_ && transfer_.wanted() != 0;
  }
  task<> fill(spliced_bytes& pipe, filling_end* end);
  task<bool> take_into(spliced_bytes& pipe, filling_end* end);
  task<> store_while_filling(spliced_bytes& full, spliced_bytes& next);
  task<> store(spliced_bytes& pipe, std::error_code& code);
  void store_at_once(spliced_bytes& pipe);
  void have_stored(std::error_code code);

  socket_stream& from_;
  transfer_account& transfer_;
  spliced_bytes pipes_[2];
  std::exception_ptr failure_;  // of the stream, or of the progress
  bool has_ended_ = false;
  bool is_refused_ = false;
  bool const is_in_memory_;
};

/// Takes as much as is worth a write, and then, until the end is wanted, as there is room for. Does not throw.
task<> socket_receiving::fill(spliced_bytes& pipe, filling_end* end) {
  try {
    if (is_in_memory_ && transfer_.taken() != 0 && may_take()) co_await yield();
    while (may_take() && pipe.size() < spliced_bytes::most) {
      if (pipe.size() >= worth_a_write && (!end || end->is_wanted)) break;
      auto const goes_on = co_await take_into(pipe, end);
      if (!goes_on) break;
    }
  } catch (...) {
    failure_ = std::current_exception();
  }
}

task<bool> socket_receiving::take_into(spliced_bytes& pipe, filling_end* end) {
  auto const most = std::min<std::uint64_t>(spliced_bytes::most - pipe.size(), transfer_.wanted());
  auto const read = splice_access::read(from_, pipe, static_cast<std::size_t>(most));
  std::optional<std::size_t> size;
  if (end) size = co_await end->scope.run(read);
  else size = co_await read;
  if (!size) co_return false;
  transfer_.add_taken(*size);
  is_refused_ = pipe.is_refused() || (pipe.is_full() && pipe.size() < least_full);
  has_ended_ = *size == 0 && !pipe.is_refused() && !pipe.is_full();
  co_return *size != 0;
}

task<> socket_receiving::store_while_filling(spliced_bytes& full, spliced_bytes& next) {
  std::error_code code;
  filling_end end;
  auto body = [&](task_group& group) -> task<> {
    if (may_take()) group.spawn(fill(next, &end));
    co_await store(full, code);
    end.is_wanted = true;
    if (code || next.size() >= worth_a_write) end.scope.cancel();
  };
  co_await with_task_group(body);
  have_stored(code);
}

/// A cancel does not keep what has been taken from getting into the file.
task<> socket_receiving::store(spliced_bytes& pipe, std::error_code& code) {
  int const file = transfer_.what().native_handle();
  auto const position = transfer_.position();
  auto const size = pipe.size();
  auto const write = [&pipe, file, position] { return pipe.store(file, position); };
  try {
    int const failure = co_await shield(on_thread_pool(write));
    code.assign(failure, std::system_category());
  } catch (std::system_error const& e) {  // there is no thread
    code = e.code();
  }
  transfer_.add_moved(size - pipe.size());
  pipe.stored();
}

void socket_receiving::store_at_once(spliced_bytes& pipe) {
  auto const size = pipe.size();
  int const failure = pipe.store(transfer_.what().native_handle(), transfer_.position());
  transfer_.add_moved(size - pipe.size());
  pipe.stored();
  have_stored(std::error_code(failure, std::system_category()));
}

void socket_receiving::have_stored(std::error_code code) {
  if (code) throw_write_failed(transfer_, code);
  if (failure_) return;
  try {
    transfer_.tell();
  } catch (...) {  // what has been taken meanwhile is still to be stored
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
