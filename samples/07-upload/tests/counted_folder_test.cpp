#include "server/counted_folder.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "catch.hpp"
#include "sanitized.hpp"

using namespace samples::upload;
using namespace strait;

namespace {

namespace fs = std::filesystem;
using system_clock = std::chrono::system_clock;

constexpr std::uint64_t quota = 100'000;

class scratch {
 public:
  scratch() {
    std::string name = (fs::temp_directory_path() / "counted-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() { fs::remove_all(path_); }
  [[nodiscard]] fs::path const& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

void make(fs::path const& path, std::size_t size) { std::ofstream(path) << std::string(size, 'x'); }

/// Opens and counts the folder, as a server does when it starts.
task<> count(counted_folder& all) { co_await all.count(system_clock::time_point()); }

task<bool> has_room_for(counted_folder& all, std::uint64_t size) {
  try {
    auto part = co_await all.open_part(".upload-probe", size, 0666);
    if (part) co_await all.remove(*part);
    co_return part.has_value();
  } catch (over_quota const&) {}
  co_return false;
}

/// Whether a file of `size` bytes fits into the quota and a larger one does not.
task<bool> has_room_for_exactly(counted_folder& all, std::uint64_t size) {
  bool const has_more = co_await has_room_for(all, size + 1);
  bool const has_that = co_await has_room_for(all, size);
  co_return has_that && !has_more;
}

/// Creates a part of a file of `size` bytes with the first `kept` bytes.
task<counted_folder::part> begin(counted_folder& all, std::string name, std::uint64_t size, std::size_t kept) {
  auto part = co_await all.open_part(std::move(name), size, 0666);
  std::string const bytes(kept, 'x');
  co_await part.value().contents().write_at(0, bytes);
  co_return std::move(*part);
}

template <class Body>
void with_folder(Body body) {
  scratch const folder;
  auto const all = [&]() -> task<> {
    counted_folder counted(co_await open_directory(folder.path()), quota);
    co_await body(counted, folder.path());
  };
  run(all());
}

}  // namespace

TEST_CASE("counted_folder: existing files, folders and parts are counted") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    fs::create_directories(path / "a" / "b");
    make(path / "a" / "b" / "file", 1000);
    make(path / "a" / ".upload-part", 500);
    fs::create_symlink("file", path / "a" / "link");
    co_await count(all);
    CHECK(co_await has_room_for_exactly(all, quota - 1500 - 5 * entry_size));
  });
}

TEST_CASE(
    "counted_folder: a file counts its full size while it is received, and its received size after an interruption") {
  with_folder([](counted_folder& all, fs::path const&) -> task<> {
    co_await count(all);
    {
      auto const part = co_await begin(all, ".upload-a", 50'000, 1000);
      CHECK(co_await has_room_for_exactly(all, quota - 50'000 - 2 * entry_size));
    }
    CHECK(co_await has_room_for_exactly(all, quota - 1000 - 2 * entry_size));
    auto const again = co_await all.open_part(".upload-a", 50'000, 0666);
    CHECK(again.value().kept() == 1000);
    CHECK(co_await has_room_for_exactly(all, quota - 50'000 - 2 * entry_size));
  });
}

TEST_CASE("counted_folder: a part that is removed for any reason no longer counts") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    co_await count(all);
    {
      auto part = co_await begin(all, ".upload-a", 50'000, 1000);
      co_await all.remove(part);
    }
    CHECK(co_await has_room_for_exactly(all, quota - entry_size));
    { auto const part = co_await begin(all, ".upload-b", 50'000, 1000); }
    co_await all.remove_old_parts(system_clock::now() + std::chrono::hours(1));
    CHECK(fs::is_empty(path));
    CHECK(co_await has_room_for_exactly(all, quota - entry_size));
  });
}

TEST_CASE("counted_folder: a part that is being written is not removed at any age") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    co_await count(all);
    auto const part = co_await begin(all, ".upload-a", 50'000, 1000);
    co_await all.remove_old_parts(system_clock::now() + std::chrono::hours(1));
    CHECK(fs::exists(path / ".upload-a"));
    CHECK(co_await has_room_for_exactly(all, quota - 50'000 - 2 * entry_size));
  });
}

TEST_CASE("counted_folder: each of many concurrent replacements releases exactly the file that it replaced") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    make(path / "a", 40'000);
    co_await count(all);
    auto const replace = [&](std::string name) -> task<> {
      auto part = co_await begin(all, std::move(name), 10, 10);
      co_await all.rename(part, "a", if_exists::replace);
    };
    auto const several = [&](task_group& group) -> task<> {
      for (int i = 0; i != 8; ++i) group.spawn(replace(".upload-" + std::to_string(i)));
      co_return;
    };
    co_await with_task_group(several);
    CHECK(co_await has_room_for_exactly(all, quota - 10 - 2 * entry_size));
  });
}

TEST_CASE("counted_folder: a file that must not be replaced is kept, and the part still counts") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    make(path / "a", 100);
    co_await count(all);
    {
      auto part = co_await begin(all, ".upload-a", 10, 10);
      bool is_there = false;
      try {
        co_await all.rename(part, "a", if_exists::fail);
      } catch (error const& e) {
        is_there = e.code() == std::errc::file_exists;
      }
      CHECK(is_there);
    }
    CHECK(co_await has_room_for_exactly(all, quota - 110 - 3 * entry_size));
  });
}

TEST_CASE("counted_folder: a folder that several tasks create concurrently counts once") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    co_await count(all);
    auto const several = [&](task_group& group) -> task<> {
      for (int i = 0; i != 8; ++i) group.spawn(all.create_directories("a/b/c"));
      co_return;
    };
    co_await with_task_group(several);
    CHECK(fs::is_directory(path / "a" / "b" / "c"));
    CHECK(co_await has_room_for_exactly(all, quota - 4 * entry_size));
  });
}

TEST_CASE("counted_folder: folders beyond the quota are refused, and those that were created count") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    co_await count(all);
    std::string name = "d";
    for (int i = 0; i != 99; ++i) name += "/d";
    bool was_refused = false;
    try {
      co_await all.create_directories(name);
    } catch (over_quota const&) {
      was_refused = true;
    }
    CHECK(was_refused);
    std::uint64_t made = 0;
    for ([[maybe_unused]] auto const& each : fs::recursive_directory_iterator(path)) ++made;
    CHECK(made == quota / entry_size);
    CHECK_FALSE(co_await has_room_for(all, 0));
  });
}

TEST_CASE("counted_folder: folders below a symbolic link are not created") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    scratch const outside;
    fs::create_directory_symlink(outside.path(), path / "a");
    co_await count(all);
    bool was_refused = false;
    try {
      co_await all.create_directories("a/b");
    } catch (error const& e) {
      was_refused = e.code() == std::errc::not_a_directory || e.code() == std::errc::too_many_symbolic_link_levels;
    }
    CHECK(was_refused);
    CHECK(fs::is_empty(outside.path()));
  });
}

TEST_CASE("counted_folder: counting deeply nested folders needs few descriptors") {
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    constexpr int depth = 20;
    fs::path deepest = path;
    for (int i = 0; i != depth; ++i) deepest /= "d";
    fs::create_directories(deepest);
    make(deepest / "file", 1000);

    rlimit former = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &former) == 0);
    int const next = ::dup(0);
    ::close(next);
    rlimit const scarce{static_cast<rlim_t>(next) + 4, former.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &scarce) == 0);
    std::string trouble;
    try {
      co_await count(all);
    } catch (error const& e) {
      trouble = e.what();
    }
    ::setrlimit(RLIMIT_NOFILE, &former);
    CHECK(trouble == "");
    CHECK(co_await has_room_for_exactly(all, quota - 1000 - (depth + 2) * entry_size));
  });
}

TEST_CASE("counted_folder: counting fails when descriptors are exhausted") {
  if (strait::test::is_sanitized) return;  // UBSan needs descriptors itself, to check the types of objects
  with_folder([](counted_folder& all, fs::path const& path) -> task<> {
    make(path / "file", 1000);
    rlimit former = {};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &former) == 0);
    auto const nothing = [] {};
    co_await on_thread_pool(nothing);  // starts a thread of the pool
    rlimit const none{0, former.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    bool has_failed = false;
    try {
      co_await count(all);
    } catch (error const& e) {
      has_failed = e.code() == std::errc::too_many_files_open;
    }
    ::setrlimit(RLIMIT_NOFILE, &former);
    CHECK(has_failed);
  });
}
