// File transfers: the part common to all streams, and sending to a socket.
#include "strait/io/file_transfer.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "io/file_place.hpp"
#include "strait/core/cancel_scope.hpp"
#include "strait/core/detail/file_part.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/task_group.hpp"
#include "strait/core/thread_pool.hpp"
#include "strait/net/detail/splice.hpp"

namespace strait {

file_write_failed::file_write_failed(std::error_code code, std::string_view context, std::uint64_t stored,
                                     std::uint64_t received)
    : error(code, context, static_cast<std::size_t>(stored)), received_(received) {}

namespace detail {
namespace {

// The amount read from a disk at a time, while the previous part is being sent.
constexpr std::size_t window = 1024 * 1024;

/// Sends a file to a socket without copying.
class socket_sending {
 public:
  socket_sending(socket_stream& to, transfer_account& transfer, file_place place) noexcept
      : to_(to),
        transfer_(transfer),
        file_(transfer.what().native_handle()),
        part_(file_, transfer.offset(), place == file_place::memory) {}

  /// Returns true when all has been sent, false if the rest must be copied through memory.
  task<bool> send_all() {
    while (transfer_.left() != 0) {
      auto const size = window_size(transfer_.moved());
      part_.extend(size);
      if (is_slow_ && size != transfer_.left()) co_await send_and_read_on(size);
      else co_await send_part();
      if (part_.is_refused()) co_return false;
      if (transfer_.left() != 0) co_await yield();
    }
    co_return true;
  }

 private:
  [[nodiscard]] std::size_t window_size(std::uint64_t behind) const noexcept {
    return static_cast<std::size_t>(std::min<std::uint64_t>(transfer_.count() - behind, window));
  }

  task<> send_part() {
    while (part_.size() != 0) {
      auto const size = co_await splice_access::write(to_, part_);
      if (part_.is_refused()) co_return;
      if (part_.is_missing()) {
        co_await fetch_part();
        continue;
      }
      if (size == 0) throw_file_ended();
      transfer_.add_moved(size);
      transfer_.report_progress();
    }
  }

  /// Reads the part from the disk into the page cache, on another thread.
  task<> fetch_part() {
    auto const end = part_.offset() + part_.size();
    auto const ahead = window_size(end - transfer_.offset());
    auto const fetch = [&] { return file_part::fetch(file_, part_.offset(), part_.size(), ahead); };
    is_slow_ = co_await on_thread_pool(fetch);
    part_.fetched(end);
  }

  /// Sends this part of the file, and reads the next one from the disk meanwhile.
  task<> send_and_read_on(std::size_t size) {
    auto const next = part_.offset() + size;
    auto const next_size = window_size(next - transfer_.offset());
    auto const ahead = window_size(next + next_size - transfer_.offset());
    auto const fetch = [&] { return file_part::fetch(file_, next, next_size, ahead); };
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { is_slow_ = co_await on_thread_pool(fetch); });
      co_await send_part();
    };
    co_await with_task_group(body);
  }

  [[noreturn]] void throw_file_ended() const {
    throw unexpected_end(fmt::format("read from {}", transfer_.what().name()),
                         static_cast<std::size_t>(transfer_.moved()), static_cast<std::size_t>(transfer_.count()));
  }

  socket_stream& to_;
  transfer_account& transfer_;
  int const file_;
  file_part part_;
  bool is_slow_ = false;  // the last part had to be read from the disk
};

}  // namespace

task<std::size_t> read_contents(transfer_account& transfer, mutable_buffer into) {
  auto const size = co_await transfer.what().read_at(transfer.position(), into);
  if (size == 0)
    throw unexpected_end(fmt::format("read from {}", transfer.what().name()),
                         static_cast<std::size_t>(transfer.moved()), static_cast<std::size_t>(transfer.count()));
  co_return size;
}

task<> store_contents(transfer_account& transfer, const_buffer bytes) {
  std::error_code code;
  std::size_t stored = 0;
  try {
    stored = co_await shield(transfer.what().write_at(transfer.position(), bytes));
  } catch (error const& e) {
    code = e.code();
    stored = e.transferred();
  }
  transfer.add_moved(stored);
  if (code) throw_write_failed(transfer, code);
  transfer.report_progress();
}

transfer_memory::transfer_memory(std::uint64_t count)
    : size_(static_cast<std::size_t>(std::min<std::uint64_t>(count, transfer_block))), bytes_(new char[size_]) {}
transfer_memory::~transfer_memory() { delete[] bytes_; }
mutable_buffer transfer_memory::first(std::uint64_t size) const noexcept {
  return {bytes_, static_cast<std::size_t>(std::min<std::uint64_t>(size, size_))};
}

void require_open(transfer_account const& transfer) {
  if (!transfer.what().is_open()) throw error(errc::closed, "write to a file");
}

void throw_write_failed(transfer_account const& transfer, std::error_code code) {
  auto const context = fmt::format("write to {}", transfer.what().name());
  throw file_write_failed(code, context, transfer.moved(), transfer.received());
}

void throw_stream_ended(transfer_account const& transfer, std::string const& peer) {
  throw unexpected_end(fmt::format("read from {}", peer), static_cast<std::size_t>(transfer.moved()),
                       static_cast<std::size_t>(transfer.count()));
}

void throw_transfer_failed(std::exception_ptr const& failure, transfer_account const& transfer) {
  throw_with_transferred(failure, transfer.moved());
}

task<> send_over_socket(socket_stream& to, transfer_account& transfer) {
  auto const place = place_of(transfer.what(), transfer.offset(), transfer.count());
  if (place != file_place::elsewhere) {
    socket_sending sending(to, transfer, place);
    if (co_await sending.send_all()) co_return;
  }
  co_await send_by_memory(to, transfer);
}

}  // namespace detail
}  // namespace strait
