// directory: which paths it refuses so that no operation reaches outside of it.
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "io/inbox.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("paths that lead outside are refused by every operation with the reason") {
  struct refused_path {
    std::string path;
    std::string reason;
  };
  std::vector<refused_path> const all{
      {"", "the path is empty"},
      {"/etc/passwd", "the path is absolute, which leads outside the directory"},
      {"/", "the path is absolute, which leads outside the directory"},
      {"..", "the path contains .., which leads outside the directory"},
      {"../secret/passwd", "the path contains .., which leads outside the directory"},
      {"a/../../secret/passwd", "the path contains .., which leads outside the directory"},
      {"a/..", "the path contains .., which leads outside the directory"},
      {"../", "the path contains .., which leads outside the directory"},
      {std::string("book\0.txt", 9), "the path contains a NUL character"}};
  with_inbox([&](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a");
    co_await put(inbox, "old", "old");
    for (auto const& refused : all)
      for (auto const& operation : operations()) {
        CAPTURE(operation.name, refused.path);
        auto const failure = co_await failure_of<error>(operation.call(inbox, refused.path));
        CHECK_THAT(failure.what(), ContainsSubstring(": " + refused.reason));
        CHECK(failure.code() == std::errc::invalid_argument);
      }
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("errors name the operation, the path and the reason") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    using namespace std::string_literals;
    co_await put(inbox, "book", "hello");
    auto const says = [](task<> operation, std::string text) -> task<> {
      auto const failure = co_await failure_of<error>(std::move(operation));
      CHECK(failure.what() == text);
    };
    co_await says(open_for_reading(inbox, "a/b.txt"), "open inbox/a/b.txt: no such file or directory");
    co_await says(open_for_reading(inbox, "../passwd"),
                  "open inbox/../passwd: the path contains .., which leads outside the directory");
    co_await says(open_for_reading(inbox, "/etc/passwd"),
                  "open /etc/passwd: the path is absolute, which leads outside the directory");
    co_await says(open_for_reading(inbox, "a\0b"s), "open inbox/a\\0b: the path contains a NUL character");
    co_await says(open_for_reading(inbox, "book/a"), "open inbox/book/a: not a directory");
    co_await says(open_as_directory(inbox, "book"), "open inbox/book: not a directory");
    co_await says(make(inbox, "book/a"), "make inbox/book/a: inbox/book is not a directory");
    co_await says(make(inbox, "book"), "make inbox/book: inbox/book is not a directory");
    co_await says(inbox.rename("none", "b"), "rename inbox/none to b: no such file or directory");
    co_await says(inbox.rename("book", "book"), "rename inbox/book to book: file exists");
    co_await says(remove(inbox, "none"), "remove inbox/none: no such file or directory");
    co_await says(remove(inbox, "."), "remove inbox: the path is the directory itself");
    co_await says(rename_to(inbox, "./"), "rename inbox/old to ./: the path is the directory itself");
    co_await says(sync(inbox, "none"), "sync inbox/none: no such file or directory");
    co_await says(ask(inbox, "none"), "status of inbox/none: no such file or directory");
    co_await says(list(inbox, "none"), "list inbox/none: no such file or directory");
  });
}

TEST_CASE("a symbolic link as a directory of a path is refused by every operation wherever it leads") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("real");
    co_await put(inbox, "real/passwd", "here");
    co_await put(inbox, "old", "old");
    there.link("../secret", "out");
    there.link(there.path("secret"), "out-by-root");
    there.link("real", "in");
    there.link(".", "self");
    there.link("loop", "loop");
    for (std::string const folder : {"out", "out-by-root", "in", "self", "loop", "real/../in"}) {
      if (folder.find("..") != folder.npos) continue;
      for (auto const& operation : operations()) {
        CAPTURE(operation.name, folder);
        auto const failure = co_await failure_of<error>(operation.call(inbox, folder + "/passwd"));
        CHECK_THAT(failure.what(), ContainsSubstring(folder + "/passwd"));
        CHECK_THAT(failure.what(), ContainsSubstring(": the path contains a symbolic link"));
        CHECK(failure.code() == std::errc::too_many_symbolic_link_levels);
      }
    }
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("a symbolic link is not opened wherever it leads") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("real");
    co_await put(inbox, "book", "hello");
    there.link("../secret/passwd", "out");
    there.link("../secret/new", "out-to-nothing");
    there.link("book", "in");
    there.link("new", "in-to-nothing");
    for (std::string const path : {"out", "out-to-nothing", "in", "in-to-nothing"})
      for (auto const& open : {open_for_reading, open_for_writing, open_as_directory, make, list, sync}) {
        CAPTURE(path);
        auto const failure = co_await failure_of<error>(open(inbox, path));
        CHECK_THAT(failure.what(), ContainsSubstring("inbox/" + path + ": the path contains a symbolic link"));
      }
    there.link("../secret", "folder");
    auto const failure = co_await failure_of<error>(inbox.open_directory("folder"));
    CHECK(failure.what() == std::string("open inbox/folder: the path contains a symbolic link"));
    CHECK_FALSE(exists(there.inbox("new")));
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("an exclusive creation neither replaces a symbolic link nor follows it") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    there.link("../secret/new", "link");
    auto const failure = co_await failure_of<error>(
        inbox.open_file("link", {.access = file_access::write, .creation = file_creation::exclusive}));
    CHECK(failure.what() == std::string("open inbox/link: file exists"));
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("rename, remove and status apply to a symbolic link itself") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    there.link("../secret/passwd", "link");
    auto const status = co_await inbox.status("link");
    CHECK(status.type == file_status::kind::symbolic_link);
    co_await inbox.rename("link", "other");
    CHECK(std::filesystem::is_symlink(there.inbox("other")));
    co_await put(inbox, "book", "hello");
    auto const failure = co_await failure_of<error>(inbox.rename("book", "other"));
    CHECK(failure.code() == std::errc::file_exists);
    co_await inbox.rename("book", "other", if_exists::replace);
    auto const text = co_await text_in(inbox, "other");
    CHECK(text == "hello");
    there.link("../secret/passwd", "link");
    co_await inbox.remove("link");
    CHECK_FALSE(exists(there.inbox("link")));
    CHECK(there.is_secret_unchanged());
  });
}

TEST_CASE("names and paths that are too long are refused") {
  with_inbox([](inbox_fixture const&, directory const& inbox) -> task<> {
    auto const longest = std::string(255, 'x');
    co_await put(inbox, longest, "hello");
    auto const text = co_await text_in(inbox, longest);
    CHECK(text == "hello");
    std::string path = "a";
    while (path.size() < 4096) path += "/a";
    for (auto const& name : {longest + "x", path}) {
      auto const failure = co_await failure_of<error>(inbox.open_file(name));
      CHECK(failure.code() == std::errc::filename_too_long);
    }
  });
}

TEST_CASE("no operation leads outside while another thread swaps a directory for a symbolic link", "[threads]") {
  with_inbox([](inbox_fixture const& there, directory const& inbox) -> task<> {
    co_await inbox.create_directories("a");
    co_await inbox.create_directories("b/link");
    there.link("../../secret", "a/link");
    // "a/link" is the symbolic link to the outside, or after a swap the directory.
    auto const swap = [&] {
      return ::renameat2(AT_FDCWD, there.inbox("a/link").c_str(), AT_FDCWD, there.inbox("b/link").c_str(),
                         RENAME_EXCHANGE) == 0;
    };
    int passed = 0;
    int refused = 0;
    auto const attempt = [&](task<> operation) -> task<> {
      auto const outcome = co_await as_result(std::move(operation));
      if (outcome) ++passed;
      else if (outcome.error() == std::errc::too_many_symbolic_link_levels) ++refused;
    };
    constexpr int operations_each = 5;
    auto const try_all = [&](std::string name) -> task<> {
      co_await put(inbox, name, "to be moved");
      co_await attempt(put(inbox, "a/link/" + name, "escaped?"));
      co_await attempt(inbox.create_directories("a/link/" + name + "-folder/x"));
      co_await attempt(inbox.rename(name, "a/link/" + name + "-moved"));
      co_await attempt(list(inbox, "a/link"));
      co_await attempt(remove(inbox, "a/link/" + name));
      static_cast<void>(co_await as_result(remove(inbox, "a/link/passwd")));
    };

    co_await try_all("link");
    CHECK(refused == operations_each);
    CHECK(passed == 0);
    CHECK(swap());
    co_await try_all("directory");
    CHECK(refused == operations_each);
    CHECK(passed == operations_each);

    {
      std::jthread const swapper([&](std::stop_token const& over) {
        while (!over.stop_requested()) swap();
      });
      for (int i = 0; i != scaled(300); ++i) co_await try_all(fmt::format("{}", i));
    }
    CHECK(there.is_secret_unchanged());
  });
}
