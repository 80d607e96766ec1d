#include "protocol/file_digest.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <unistd.h>

#include <fmt/format.h>

using namespace strait;

namespace samples::upload {
namespace {

constexpr std::uint64_t little = 64 * 1024;
constexpr std::uint64_t share = 4 * 1024 * 1024;  // what a thread does before it asks for a cancel
constexpr std::size_t block_size = 256 * 1024;    // fits into a processor's cache

[[noreturn]] void is_shorter(file const& than_expected) {
  throw error(std::make_error_code(std::errc::io_error), fmt::format("read from {}", than_expected.name()),
              "it has become shorter");
}

/// May wait for a disk.
void add_blocking(digester& into, file& from, std::uint64_t begin, std::uint64_t end) {
  auto const block = std::make_unique_for_overwrite<char[]>(block_size);
  while (begin != end) {
    auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(block_size, end - begin));
    auto const size = ::pread(from.native_handle(), block.get(), wanted, static_cast<off_t>(begin));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw error({errno, std::generic_category()}, fmt::format("read from {}", from.name()));
    if (size == 0) is_shorter(from);
    into.update(const_buffer(block.get(), static_cast<std::size_t>(size)));
    begin += static_cast<std::uint64_t>(size);
  }
}

}  // namespace

task<> add_range(digester& into, file& from, std::uint64_t begin, std::uint64_t end) {
  if (end - begin <= little) {
    auto const block = std::make_unique_for_overwrite<char[]>(end - begin);
    while (begin != end) {
      auto const size = co_await from.read_at(begin, mutable_buffer(block.get(), end - begin));
      if (size == 0) is_shorter(from);
      into.update(const_buffer(block.get(), size));
      begin += size;
    }
    co_return;
  }
  while (begin != end) {
    auto const until = std::min(end, begin + share);
    auto const work = [&] { add_blocking(into, from, begin, until); };
    co_await on_thread_pool(work);
    begin = until;
  }
}

}  // namespace samples::upload
