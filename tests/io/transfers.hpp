// For tests of send_file and receive_file: files that are verified byte by byte, on a disk and in memory.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <strait/io/file_transfer.hpp>
#include <strait/strait.hpp>

#include "catch.hpp"
#include "io/copies.hpp"
#include "io/files.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

namespace strait::test {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * 1024;

/// An empty file without a name, which no other process has open.
inline file disk_file(int flags = 0) {
  std::string path = std::filesystem::temp_directory_path() / "strait-transfer-XXXXXX";
  int const descriptor = ::mkostemp(path.data(), O_CLOEXEC | flags);
  if (descriptor < 0) fail_with_errno("mkostemp");
  ::unlink(path.c_str());
  return file(descriptor, "book");
}
inline file memory_file() {
  int const descriptor = ::memfd_create("book", MFD_CLOEXEC);
  if (descriptor < 0) fail_with_errno("memfd_create");
  return file(descriptor, "book");
}

/// Calls `test(make_file)` with files on a disk and files in memory.
template <class Test>
void for_each_place(Test test) {
  {
    INFO("on a disk");
    test([] { return disk_file(); });
  }
  {
    INFO("in memory");
    test([] { return memory_file(); });
  }
}

/// Fills the file with `size` bytes of the pattern.
inline void fill_file(file const& what, std::uint64_t size) {
  std::vector<char> bytes(size);
  fill_pattern(0, bytes.data(), bytes.size());
  if (::pwrite(what.native_handle(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(size))
    fail_with_errno("pwrite");
}
inline file filled(file what, std::uint64_t size) {
  fill_file(what, size);
  return what;
}

inline std::uint64_t size_of(file const& what) {
  auto const end = ::lseek(what.native_handle(), 0, SEEK_END);
  if (end < 0) fail_with_errno("lseek");
  return static_cast<std::uint64_t>(end);
}

/// Whether the file contains, from `offset` to its end, exactly bytes [begin, end) of the pattern.
inline bool has_pattern(file const& what, std::uint64_t offset, std::uint64_t begin, std::uint64_t end) {
  if (size_of(what) != offset + (end - begin)) return false;
  std::vector<char> bytes(end - begin);
  auto const got = ::pread(what.native_handle(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  return got == static_cast<ssize_t>(bytes.size()) &&
         matching_pattern(begin, bytes.data(), bytes.size()) == bytes.size();
}

/// Waits until a timer has fired several times, which never happens if the loop is blocked.
inline task<> ticks() {
  for (int i = 0; i != 5; ++i) co_await sleep_for(1ms);
}

}  // namespace strait::test
