// Files: data in the page cache is read on the loop's thread; everything else runs on the thread pool.
#include "strait/io/file.hpp"

#include <cerrno>
#include <csignal>
#include <limits>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/signal_block.hpp"
#include "base/standard_streams.hpp"
#include "io/file_calls.hpp"
#include "net/descriptor.hpp"
#include "strait/base/error.hpp"
#include "strait/core/sleep.hpp"
#include "strait/core/thread_pool.hpp"

namespace strait {
namespace {

// Copying this much takes about as long as starting work on the pool; copying more would block the loop.
constexpr std::size_t most_at_once = 256 * 1024;
// Larger reads count as several operations in the budget of a turn.
constexpr std::size_t fair_size = 32 * 1024;

std::string context_of(std::string_view operation, std::string const& name) {
  return fmt::format("{} {}", operation, name.empty() ? "a file" : detail::shown(name));
}

/// Begins every operation: returns the descriptor, or throws if the file is closed or the task canceled.
task<int> begin(char const* operation, file const& on) {
  detail::branch& where = co_await detail::this_branch{};
  if (where.is_canceled()) throw canceled();
  if (!on.is_open()) throw error(errc::closed, context_of(operation, on.name()));
  co_return on.native_handle();
}

/// A read of `size` bytes completes without waiting: yields to other tasks now and then.
task<> take_turn(std::size_t size) {
  detail::branch& where = co_await detail::this_branch{};
  int const operations = 1 + static_cast<int>(size / fair_size);
  if (!where.core().spend(operations * detail::loop_core::operation_cost)) co_await yield();
}

void throw_if(int code, char const* operation, std::string const& name) {
  if (code != 0) throw detail::system_failure(code, context_of(operation, name));
}

}  // namespace

file::file(int descriptor, std::string name) noexcept : descriptor_(descriptor), name_(std::move(name)) {}

file::file(file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::exchange(other.name_, {})) {}

file& file::operator=(file&& other) noexcept {
  file former(std::move(*this));
  descriptor_ = std::exchange(other.descriptor_, -1);
  name_ = std::exchange(other.name_, {});
  return *this;
}

file::~file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

task<std::size_t> file::read_at(std::uint64_t offset, mutable_buffer into) {
  constexpr char const* operation = "read from";
  int const descriptor = co_await begin(operation, *this);
  if (into.empty()) co_return std::size_t{0};
  std::size_t there = 0;
  if (into.size() <= most_at_once) {
    co_await take_turn(into.size());
    if (auto const size = detail::read_in_memory(descriptor, offset, into)) {
      there = *size;
      if (there == into.size() || detail::ends_before(descriptor, offset + there)) co_return there;
    }
  }
  auto const rest = mutable_buffer(static_cast<char*>(into.data()) + there, into.size() - there);
  auto const read = [descriptor, offset, there, rest] {
    return detail::read_once_at(descriptor, offset + there, rest);
  };
  detail::file_transfer more;
  try {
    more = co_await on_thread_pool(read);
  } catch (canceled const&) {
    if (there == 0) throw;
  }
  if (there == 0) throw_if(more.code, operation, name_);
  co_return there + more.transferred;
}

task<std::size_t> file::write_at(std::uint64_t offset, const_buffer from) {
  constexpr char const* operation = "write to";
  int const descriptor = co_await begin(operation, *this);
  if (from.empty()) co_return std::size_t{0};
  auto const write = [descriptor, offset, from] { return detail::write_all_at(descriptor, offset, from); };
  auto const written = co_await on_thread_pool(write);
  if (written.code != 0) throw detail::system_failure(written.code, context_of(operation, name_), written.transferred);
  co_return written.transferred;
}

task<> file::sync() {
  constexpr char const* operation = "sync";
  int const descriptor = co_await begin(operation, *this);
  int const code = co_await on_thread_pool([descriptor] { return detail::sync_to_disk(descriptor); });
  throw_if(code, operation, name_);
}

task<> file::resize(std::uint64_t size) {
  constexpr char const* operation = "resize";
  int const descriptor = co_await begin(operation, *this);
  if (size > std::numeric_limits<off_t>::max()) throw_if(EFBIG, operation, name_);
  int const code = co_await on_thread_pool([descriptor, size] {
    detail::signal_block const blocked(SIGXFSZ);
    auto const cut = [&] { return ::ftruncate(descriptor, static_cast<off_t>(size)); };
    if (detail::uninterrupted(cut) == 0) return 0;
    if (errno == EFBIG) blocked.discard_pending();
    return errno;
  });
  throw_if(code, operation, name_);
}

task<file_status> file::status() {
  constexpr char const* operation = "status of";
  int const descriptor = co_await begin(operation, *this);
  struct stat now = {};
  int const code = co_await on_thread_pool([descriptor, &now] { return ::fstat(descriptor, &now) == 0 ? 0 : errno; });
  throw_if(code, operation, name_);
  co_return detail::status_from(now);
}

task<> file::close() {
  constexpr char const* operation = "close";
  detail::unique_descriptor owner(std::exchange(descriptor_, -1));  // closes the descriptor in any case
  if ((co_await detail::this_branch{}).is_canceled()) throw canceled();
  if (owner.get() < 0) throw error(errc::closed, context_of(operation, name_));
  int const code = co_await on_thread_pool([&owner] { return ::close(owner.release()) == 0 ? 0 : errno; });
  // After EINTR, Linux has closed the descriptor.
  if (code != EINTR) throw_if(code, operation, name_);
}

bool file::try_lock() {
  constexpr char const* operation = "lock";
  if (!is_open()) throw error(errc::closed, context_of(operation, name_));
  if (detail::uninterrupted([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno != EWOULDBLOCK) throw_if(errno, operation, name_);
  return false;
}

task<file> open_file(std::string path, open_options options) {
  auto const open = [&] {
    auto const context = fmt::format("open {}", detail::shown(path));
    detail::refuse_nul(path, context);
    int const descriptor = detail::above_standard_streams(detail::uninterrupted([&] {
      return ::open(path.c_str(), detail::open_flags(options), static_cast<mode_t>(options.permissions & 07777));
    }));
    if (descriptor < 0) throw detail::system_failure(errno, context);
    return file(descriptor, std::move(path));
  };
  co_return co_await on_thread_pool(open);
}

task<file_status> status_of(std::string path) {
  auto const ask = [&] {
    auto const context = fmt::format("status of {}", detail::shown(path));
    detail::refuse_nul(path, context);
    struct stat now = {};
    if (::stat(path.c_str(), &now) != 0) throw detail::system_failure(errno, context);
    return detail::status_from(now);
  };
  co_return co_await on_thread_pool(ask);
}

}  // namespace strait
