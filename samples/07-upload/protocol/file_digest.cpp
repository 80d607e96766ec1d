#include "protocol/file_digest.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <unistd.h>

#include <fmt/format.h>

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::uint64_t small_range = 64 * 1024;
constexpr std::uint64_t range_size = 4 * 1024 * 1024;  // bytes between two checks for cancellation
constexpr std::size_t block_size = 256 * 1024;         // fits into the CPU cache

[[noreturn]] void throw_truncated(file const& truncated) {
  throw error(std::make_error_code(std::errc::io_error), fmt::format("read from {}", truncated.name()),
              "the file was truncated");
}

/// Blocks while the disk is read.
void add_blocking(digester& into, file& from, std::uint64_t begin, std::uint64_t end) {
  auto const block = std::make_unique_for_overwrite<char[]>(block_size);
  while (begin != end) {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block_size, end - begin));
    auto const size = ::pread(from.native_handle(), block.get(), wanted, static_cast<off_t>(begin));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw error({errno, std::generic_category()}, fmt::format("read from {}", from.name()));
    if (size == 0) throw_truncated(from);
    into.update(const_buffer(block.get(), static_cast<std::size_t>(size)));
    begin += static_cast<std::uint64_t>(size);
  }
}

}  // namespace

task<> add_range(digester& into, file& from, std::uint64_t begin, std::uint64_t end) {
  if (end - begin <= small_range) {
    auto const block = std::make_unique_for_overwrite<char[]>(end - begin);
    while (begin != end) {
      auto const size = co_await from.read_at(begin, mutable_buffer(block.get(), end - begin));
      if (size == 0) throw_truncated(from);
      into.update(const_buffer(block.get(), size));
      begin += size;
    }
    co_return;
  }
  while (begin != end) {
    auto const until = std::min(end, begin + range_size);
    auto const work = [&] { add_blocking(into, from, begin, until); };
    co_await on_thread_pool(work);
    begin = until;
  }
}

}  // namespace samples::upload
