// directory: the operations on files and directories inside it, by both implementations.
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "io/inbox.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("files in a directory can be created, written and read") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await put(inbox, "book", "hello");
    CHECK(there.text_of("inbox/book") == "hello");
    auto const text = co_await text_in(inbox, "book");
    CHECK(text == "hello");
    co_await inbox.create_directories("a/b");
    co_await put(inbox, "a/b/book", "deep");
    CHECK(there.text_of("inbox/a/b/book") == "deep");
    auto const second_text = co_await text_in(inbox, "a/b/book");
    CHECK(second_text == "deep");
  });
}

TEST_CASE("the name of an opened entry includes the name of its directory") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b");
    auto const opened = co_await inbox.open_directory("a/b");
    CHECK(opened.name() == "inbox/a/b");
    auto const made = co_await opened.open_file("book", to_make);
    CHECK(made.name() == "inbox/a/b/book");
    auto const itself = co_await inbox.open_directory(".");
    CHECK(itself.name() == "inbox");
  });
}

TEST_CASE("repeated and trailing slashes, and components of a single dot, are ignored") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("./a//b/");
    co_await put(inbox, "a/./b//book", "hello");
    CHECK(there.text_of("inbox/a/b/book") == "hello");
  });
}

TEST_CASE("names that begin or end with dots are ordinary names") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    for (std::string const name : {"...", "..a", "a..", ".a", "a.", " "}) {
      co_await put(inbox, name, "hello");
      CHECK(there.text_of("inbox/" + name) == "hello");
    }
  });
}

TEST_CASE("a file that is created in a directory has the requested permissions") {
  with_umask const in_force(022);
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.open_file("run",
                             {.access = file_access::write, .creation = file_creation::exclusive, .permissions = 0777});
    CHECK(permissions_of(there.inbox("run")) == 0755);
  });
}

TEST_CASE("create_directories creates missing parents and keeps existing directories") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b/c");
    co_await put(inbox, "a/b/c/book", "hello");
    co_await inbox.create_directories("a/b/c");
    co_await inbox.create_directories("a/b/d");
    co_await inbox.create_directories(".");
    CHECK(there.text_of("inbox/a/b/c/book") == "hello");
    auto const status = co_await inbox.status("a/b/d");
    CHECK(status.is_directory());
  });
}

TEST_CASE("several tasks may create the same directories at once", "[threads]") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 64; ++i)
        group.spawn([&, i]() -> task<> {
          co_await inbox.create_directories("a/b/c");
          co_await put(inbox, fmt::format("a/b/c/{}", i), "hello");
        });
      co_return;
    });
    auto const entries = co_await inbox.entries("a/b/c");
    CHECK(entries.size() == 64);
  });
}

TEST_CASE("a rename moves a file to another path even in another directory") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b");
    co_await inbox.create_directories("c");
    co_await put(inbox, "book", "hello");
    co_await inbox.rename("book", "cook");
    co_await inbox.rename("cook", "a/b/book");
    co_await inbox.rename("a/b/book", "a/b/look");
    co_await inbox.rename("a/b/look", "c/book", if_exists::replace);
    CHECK(there.text_of("inbox/c/book") == "hello");
    CHECK(std::filesystem::is_empty(there.inbox("a/b")));
  });
}

TEST_CASE("a rename to an existing path is refused and changes nothing unless replacing is allowed") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await put(inbox, "old", "old");
    co_await put(inbox, "new", "new");
    auto const failure = co_await failure_of<error>(inbox.rename("old", "new"));
    CHECK(failure.what() == std::string("rename inbox/old to new: file exists"));
    CHECK(failure.code() == std::errc::file_exists);
    CHECK(there.text_of("inbox/old") == "old");
    CHECK(there.text_of("inbox/new") == "new");
    co_await inbox.rename("old", "new", if_exists::replace);
    CHECK(there.text_of("inbox/new") == "old");
    CHECK_FALSE(exists(there.inbox("old")));
  });
}

TEST_CASE("of many renames to the same path, exactly one succeeds", "[threads]") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    int succeeded = 0;
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 32; ++i)
        group.spawn([&, i]() -> task<> {
          auto const own = fmt::format("part-{}", i);
          co_await put(inbox, own, own);
          auto const outcome = co_await as_result(inbox.rename(own, "book"));
          if (outcome) ++succeeded;
          else CHECK(outcome.error() == std::errc::file_exists);
        });
      co_return;
    });
    CHECK(succeeded == 1);
    auto const entries = co_await inbox.entries();
    CHECK(entries.size() == 32);
  });
}

TEST_CASE("files and empty directories can be removed, and full directories cannot") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b");
    co_await put(inbox, "a/book", "hello");
    auto const failure = co_await failure_of<error>(inbox.remove("a"));
    CHECK(failure.what() == std::string("remove inbox/a: directory not empty"));
    co_await inbox.remove("a/book");
    co_await inbox.remove("a/b");
    co_await inbox.remove("a");
    CHECK(std::filesystem::is_empty(there.path("inbox")));
  });
}

TEST_CASE("a directory can be synced as well as one inside it") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b");
    co_await inbox.sync();
    co_await inbox.sync("a/b");
  });
}

TEST_CASE("status describes entries of a directory and the directory itself") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a");
    co_await put(inbox, "a/book", "hello");
    auto const book = co_await inbox.status("a/book");
    CHECK(book.is_regular());
    CHECK(book.size == 5);
    auto const status = co_await inbox.status("a");
    CHECK(status.is_directory());
    auto const second_status = co_await inbox.status(".");
    CHECK(second_status.is_directory());
  });
}

TEST_CASE("entries are returned in bytewise order with their kinds") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    auto const entries = co_await inbox.entries();
    CHECK(entries.empty());
    co_await inbox.create_directories("c/d");
    for (char const* name : {"b", "a", "\xc3\xa4", "B", ".hidden"}) co_await put(inbox, name, "x");
    there.link("nowhere", "link");
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    for (int repeats = 0; repeats != 2; ++repeats) {
      std::vector<std::string> names;
      for (auto const& each : co_await inbox.entries())
        names.push_back(fmt::format("{} {}", each.name, static_cast<int>(each.type)));
      CHECK(names ==
            std::vector<std::string>{".hidden 0", "B 0", "a 0", "b 0", "c 1", "link 2", "pipe 3", "\xc3\xa4 0"});
    }
    auto const deeper = co_await inbox.entries("c");
    REQUIRE(deeper.size() == 1);
    CHECK(deeper[0].name == "d");
  });
}

TEST_CASE("free_space returns the available space") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    auto const space = co_await inbox.free_space();
    struct statvfs now = {};
    REQUIRE(::statvfs(there.path("inbox").c_str(), &now) == 0);
    auto const total = std::uint64_t{now.f_blocks} * now.f_frsize;
    CHECK(space > 0);
    CHECK(space <= total);
  });
}

TEST_CASE("opening a FIFO in a directory does not wait for another process to open it") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    co_await inbox.open_file("pipe");
    auto const failure = co_await failure_of<error>(inbox.open_file("pipe", {.access = file_access::write}));
    CHECK(failure.code() == std::errc::no_such_device_or_address);
  });
}

TEST_CASE("a file that is opened in a directory is in blocking mode like other files") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    auto const opened = co_await inbox.open_file("pipe");
    CHECK((::fcntl(opened.native_handle(), F_GETFL) & O_NONBLOCK) == 0);
    CHECK((::fcntl(opened.native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
  });
}

TEST_CASE("a directory stays the same when another one takes its path") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    std::filesystem::rename(there.path("inbox"), there.path("moved"));
    std::filesystem::create_symlink("secret", there.path("inbox"));
    co_await put(inbox, "book", "hello");
    CHECK(there.text_of("moved/book") == "hello");
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("a directory that does not exist or is a file is not opened") {
  temporary_directory const there;
  std::ofstream(there.file("book")) << "hello";
  complete([&]() -> task<> {
    auto const of_none = co_await failure_of<error>(open_directory(there.file("none")));
    CHECK(of_none.what() == "open " + there.file("none") + ": no such file or directory");
    auto const of_file = co_await failure_of<error>(open_directory(there.file("book")));
    CHECK(of_file.what() == "open " + there.file("book") + ": not a directory");
    auto const of_nul = co_await failure_of<error>(open_directory(there.path() + std::string("\0x", 2)));
    CHECK_THAT(of_nul.what(), ContainsSubstring("the path contains a NUL character"));
  });
}

TEST_CASE("all operations fail on a directory that was never opened or was moved from") {
  complete([]() -> task<> {
    auto opened = co_await open_directory("/tmp");
    directory const other(std::move(opened));
    CHECK(other.is_open());
    for (auto const& operation : operations()) {
      CAPTURE(operation.name);
      auto const failure = co_await failure_of<error>(operation.call(opened, "x"));
      CHECK(failure.code() == errc::closed);
    }
    auto const failure = co_await failure_of<error>(opened.free_space());
    CHECK(failure.code() == errc::closed);
  });
}

TEST_CASE("operations on a directory leave no descriptor open whether they succeed or fail") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a/b/c");
    there.link("../secret", "link");
    auto const before = open_descriptors();
    for (std::string const path : {"a/b/c", "a/b/c/d", "a/b/none/e", "link/x", "..", "a/link"})
      for (auto const& operation : operations()) static_cast<void>(co_await as_result(operation.call(inbox, path)));
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("in a canceled scope, every operation on a directory ends at once and does nothing") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await put(inbox, "old", "old");
    for (auto const& operation : operations()) {
      CAPTURE(operation.name);
      co_await ends_at_once(operation.call(inbox, "old2"));
    }
    co_await ends_at_once(inbox.free_space());
    co_await ends_at_once(open_directory("/tmp"));
    auto const entries = co_await inbox.entries();
    CHECK(entries.size() == 1);
    CHECK(there.text_of("inbox/old") == "old");
  });
}
