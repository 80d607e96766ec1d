// directory: what it does beneath it, both ways, and that nothing leads outside.
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "io/path_beneath.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr open_options to_write{.access = file_access::write, .creation = file_creation::if_missing};

/// The inbox is the directory that is worked with; beside it lies what nobody may reach. Each test runs twice: with the
/// system calls that keep paths beneath a directory, and without.
class house {
 public:
  house() {
    if (GENERATE(false, true)) old_way_ = std::make_unique<detail::without_new_calls>();
    UNSCOPED_INFO((old_way_ ? "part by part" : "as a whole"));
    std::filesystem::create_directory(path("inbox"));
    std::filesystem::create_directory(path("secret"));
    put("secret/passwd", "root");
  }
  [[nodiscard]] std::string path(std::string_view of) const { return there_.file(of); }
  [[nodiscard]] std::string inbox(std::string_view of) const { return path(fmt::format("inbox/{}", of)); }
  void put(std::string_view name, std::string_view text) const { std::ofstream(path(name)) << text; }
  void link(std::string const& target, std::string_view name) const {
    std::filesystem::create_symlink(target, inbox(name));
  }
  [[nodiscard]] std::string text_of(std::string_view name) const {
    std::ifstream from(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
  }
  [[nodiscard]] task<directory> opened() const {
    auto opened = co_await open_directory(path("inbox"));
    co_return directory(::dup(opened.native_handle()), "inbox");  // of a shorter name
  }
  [[nodiscard]] bool is_secret_untouched() const {
    return text_of("secret/passwd") == "root" &&
           std::distance(std::filesystem::directory_iterator(path("secret")), {}) == 1;
  }

 private:
  temporary_directory there_;
  std::unique_ptr<detail::without_new_calls> old_way_;
};

/// Runs `body(house, inbox)`.
template <class Body>
void in_a_house(Body body) {
  house const there;
  complete([&]() -> task<> {
    auto const inbox = co_await there.opened();
    co_await body(there, inbox);
  });
}

task<> put(directory const& in, std::string path, std::string text) {
  auto made = co_await in.open_file(path, to_write);
  co_await made.write_at(0, text);
}

task<std::string> text_in(directory const& in, std::string path) {
  auto opened = co_await in.open_file(path);
  std::string text(100, '\0');
  text.resize(co_await opened.read_at(0, text));
  co_return text;
}

/// What each operation does with a path, and how it says so.
struct operation_on_path {
  std::string name;
  std::function<task<>(directory const&, std::string)> call;
};

task<> open_for_reading(directory const& in, std::string path) { co_await in.open_file(path); }
task<> open_for_writing(directory const& in, std::string path) { co_await in.open_file(path, to_write); }
task<> open_as_directory(directory const& in, std::string path) { co_await in.open_directory(path); }
task<> make(directory const& in, std::string path) { co_await in.make_directories(path); }
task<> rename_from(directory const& in, std::string path) { co_await in.rename(path, "new"); }
task<> rename_to(directory const& in, std::string path) { co_await in.rename("old", path, replacement::allowed); }
task<> remove(directory const& in, std::string path) { co_await in.remove(path); }
task<> sync(directory const& in, std::string path) { co_await in.sync(path); }
task<> ask(directory const& in, std::string path) { co_await in.status(path); }
task<> list(directory const& in, std::string path) { co_await in.entries(path); }

std::vector<operation_on_path> const& operations() {
  static std::vector<operation_on_path> const all{{"open for reading", open_for_reading},
                                                  {"open for writing", open_for_writing},
                                                  {"open as a directory", open_as_directory},
                                                  {"make", make},
                                                  {"rename from", rename_from},
                                                  {"rename to", rename_to},
                                                  {"remove", remove},
                                                  {"sync", sync},
                                                  {"status", ask},
                                                  {"list", list}};
  return all;
}

/// Awaits `operation` in a scope that has been canceled.
template <class Operation>
task<> ends_at_once(Operation operation) {
  cancel_scope scope;
  scope.cancel();
  auto const done = co_await scope.run(std::move(operation));
  CHECK_FALSE(done);
}

}  // namespace

TEST_CASE("files in a directory are made, written and read") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await put(inbox, "book", "hello");
    CHECK(there.text_of("inbox/book") == "hello");
    auto const text = co_await text_in(inbox, "book");
    CHECK(text == "hello");
    co_await inbox.make_directories("a/b");
    co_await put(inbox, "a/b/book", "deep");
    CHECK(there.text_of("inbox/a/b/book") == "deep");
    auto const second_text = co_await text_in(inbox, "a/b/book");
    CHECK(second_text == "deep");
  });
}

TEST_CASE("what is opened in a directory is named after it") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b");
    auto const opened = co_await inbox.open_directory("a/b");
    CHECK(opened.name() == "inbox/a/b");
    auto const made = co_await opened.open_file("book", to_write);
    CHECK(made.name() == "inbox/a/b/book");
    auto const itself = co_await inbox.open_directory(".");
    CHECK(itself.name() == "inbox");
  });
}

TEST_CASE("a slash too many, a slash at the end and a part that is . mean nothing") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("./a//b/");
    co_await put(inbox, "a/./b//book", "hello");
    CHECK(there.text_of("inbox/a/b/book") == "hello");
  });
}

TEST_CASE("names that begin or end with dots are names") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    for (std::string const name : {"...", "..a", "a..", ".a", "a.", " "}) {
      co_await put(inbox, name, "hello");
      CHECK(there.text_of("inbox/" + name) == "hello");
    }
  });
}

TEST_CASE("paths that lead outside are refused by every operation, with the reason") {
  struct refused_path {
    std::string path;
    std::string reason;
  };
  std::vector<refused_path> const all{{"", "the path is empty"},
                                      {"/etc/passwd", "an absolute path leads outside"},
                                      {"/", "an absolute path leads outside"},
                                      {"..", "a path with .. leads outside"},
                                      {"../secret/passwd", "a path with .. leads outside"},
                                      {"a/../../secret/passwd", "a path with .. leads outside"},
                                      {"a/..", "a path with .. leads outside"},
                                      {"../", "a path with .. leads outside"},
                                      {std::string("book\0.txt", 9), "a path cannot have a NUL in it"}};
  in_a_house([&](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a");
    co_await put(inbox, "old", "old");
    for (auto const& refused : all)
      for (auto const& operation : operations()) {
        CAPTURE(operation.name, refused.path);
        auto const failure = co_await failure_of<error>(operation.call(inbox, refused.path));
        CHECK_THAT(failure.what(), ContainsSubstring(": " + refused.reason));
        CHECK(failure.code() == std::errc::invalid_argument);
      }
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("the texts of errors say what was to be done, with which path, and why not") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
    using namespace std::string_literals;
    co_await put(inbox, "book", "hello");
    auto const says = [](task<> operation, std::string text) -> task<> {
      auto const failure = co_await failure_of<error>(std::move(operation));
      CHECK(failure.what() == text);
    };
    co_await says(open_for_reading(inbox, "a/b.txt"), "open inbox/a/b.txt: no such file or directory");
    co_await says(open_for_reading(inbox, "../passwd"), "open inbox/../passwd: a path with .. leads outside");
    co_await says(open_for_reading(inbox, "/etc/passwd"), "open /etc/passwd: an absolute path leads outside");
    co_await says(open_for_reading(inbox, "a\0b"s), "open inbox/a\\0b: a path cannot have a NUL in it");
    co_await says(open_for_reading(inbox, "book/a"), "open inbox/book/a: not a directory");
    co_await says(open_as_directory(inbox, "book"), "open inbox/book: not a directory");
    co_await says(make(inbox, "book/a"), "make inbox/book/a: inbox/book is not a directory");
    co_await says(make(inbox, "book"), "make inbox/book: inbox/book is not a directory");
    co_await says(inbox.rename("none", "b"), "rename inbox/none to b: no such file or directory");
    co_await says(inbox.rename("book", "book"), "rename inbox/book to book: file exists");
    co_await says(remove(inbox, "none"), "remove inbox/none: no such file or directory");
    co_await says(remove(inbox, "."), "remove inbox: this is the directory itself");
    co_await says(rename_to(inbox, "./"), "rename inbox/old to ./: this is the directory itself");
    co_await says(sync(inbox, "none"), "sync inbox/none: no such file or directory");
    co_await says(ask(inbox, "none"), "status of inbox/none: no such file or directory");
    co_await says(list(inbox, "none"), "list inbox/none: no such file or directory");
  });
}

TEST_CASE("a symbolic link in the way is refused by every operation, wherever it leads") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("real");
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
        CHECK_THAT(failure.what(), ContainsSubstring(": a symbolic link is in the way"));
        CHECK(failure.code() == std::errc::too_many_symbolic_link_levels);
      }
    }
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("a symbolic link is not opened, wherever it leads") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("real");
    co_await put(inbox, "book", "hello");
    there.link("../secret/passwd", "out");
    there.link("../secret/new", "out-to-nothing");
    there.link("book", "in");
    there.link("new", "in-to-nothing");
    for (std::string const path : {"out", "out-to-nothing", "in", "in-to-nothing"})
      for (auto const& open : {open_for_reading, open_for_writing, open_as_directory, make, list, sync}) {
        CAPTURE(path);
        auto const failure = co_await failure_of<error>(open(inbox, path));
        CHECK_THAT(failure.what(), ContainsSubstring("inbox/" + path + ": a symbolic link is in the way"));
      }
    there.link("../secret", "folder");
    auto const failure = co_await failure_of<error>(inbox.open_directory("folder"));
    CHECK(failure.what() == std::string("open inbox/folder: a symbolic link is in the way"));
    CHECK_FALSE(exists(there.inbox("new")));
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("a file is not made exclusively in the place of a symbolic link, nor where it leads") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    there.link("../secret/new", "link");
    auto const failure = co_await failure_of<error>(
        inbox.open_file("link", {.access = file_access::write, .creation = file_creation::exclusive}));
    CHECK(failure.what() == std::string("open inbox/link: file exists"));
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("rename, remove and status work on a symbolic link itself") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    there.link("../secret/passwd", "link");
    auto const status = co_await inbox.status("link");
    CHECK(status.what == file_status::kind::symbolic_link);
    co_await inbox.rename("link", "other");
    CHECK(std::filesystem::is_symlink(there.inbox("other")));
    co_await put(inbox, "book", "hello");
    auto const failure = co_await failure_of<error>(inbox.rename("book", "other"));
    CHECK(failure.code() == std::errc::file_exists);
    co_await inbox.rename("book", "other", replacement::allowed);
    auto const text = co_await text_in(inbox, "other");
    CHECK(text == "hello");
    there.link("../secret/passwd", "link");
    co_await inbox.remove("link");
    CHECK_FALSE(exists(there.inbox("link")));
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("a file that is made in a directory has the permissions that are asked for") {
  with_umask const in_force(022);
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.open_file("run",
                             {.access = file_access::write, .creation = file_creation::exclusive, .permissions = 0777});
    CHECK(permissions_of(there.inbox("run")) == 0755);
  });
}

TEST_CASE("directories are made with those above them, and those that are there stay") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b/c");
    co_await put(inbox, "a/b/c/book", "hello");
    co_await inbox.make_directories("a/b/c");
    co_await inbox.make_directories("a/b/d");
    co_await inbox.make_directories(".");
    CHECK(there.text_of("inbox/a/b/c/book") == "hello");
    auto const status = co_await inbox.status("a/b/d");
    CHECK(status.is_directory());
  });
}

TEST_CASE("the same directories may be made by many at once", "[threads]") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
    co_await with_task_group([&](task_group& group) -> task<> {
      for (int i = 0; i != 64; ++i)
        group.spawn([&, i]() -> task<> {
          co_await inbox.make_directories("a/b/c");
          co_await put(inbox, fmt::format("a/b/c/{}", i), "hello");
        });
      co_return;
    });
    auto const entries = co_await inbox.entries("a/b/c");
    CHECK(entries.size() == 64);
  });
}

TEST_CASE("a rename gives a file another path, in another directory, too") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b");
    co_await inbox.make_directories("c");
    co_await put(inbox, "book", "hello");
    co_await inbox.rename("book", "cook");
    co_await inbox.rename("cook", "a/b/book");
    co_await inbox.rename("a/b/book", "a/b/look");
    co_await inbox.rename("a/b/look", "c/book", replacement::allowed);
    CHECK(there.text_of("inbox/c/book") == "hello");
    CHECK(std::filesystem::is_empty(there.inbox("a/b")));
  });
}

TEST_CASE("a rename onto what is there is refused, and changes nothing, unless replacing is allowed") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await put(inbox, "old", "old");
    co_await put(inbox, "new", "new");
    auto const failure = co_await failure_of<error>(inbox.rename("old", "new"));
    CHECK(failure.what() == std::string("rename inbox/old to new: file exists"));
    CHECK(failure.code() == std::errc::file_exists);
    CHECK(there.text_of("inbox/old") == "old");
    CHECK(there.text_of("inbox/new") == "new");
    co_await inbox.rename("old", "new", replacement::allowed);
    CHECK(there.text_of("inbox/new") == "old");
    CHECK_FALSE(exists(there.inbox("old")));
  });
}

TEST_CASE("of many renames to the same path one succeeds", "[threads]") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
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

TEST_CASE("files and empty directories are removed, full ones are not") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b");
    co_await put(inbox, "a/book", "hello");
    auto const failure = co_await failure_of<error>(inbox.remove("a"));
    CHECK(failure.what() == std::string("remove inbox/a: directory not empty"));
    co_await inbox.remove("a/book");
    co_await inbox.remove("a/b");
    co_await inbox.remove("a");
    CHECK(std::filesystem::is_empty(there.path("inbox")));
  });
}

TEST_CASE("a directory is synced, itself or one in it") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b");
    co_await inbox.sync();
    co_await inbox.sync("a/b");
  });
}

TEST_CASE("the status of what is in a directory, and of itself") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a");
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

TEST_CASE("the entries of a directory come in order of their bytes, with what they are") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    auto const entries = co_await inbox.entries();
    CHECK(entries.empty());
    co_await inbox.make_directories("c/d");
    for (char const* name : {"b", "a", "\xc3\xa4", "B", ".hidden"}) co_await put(inbox, name, "x");
    there.link("nowhere", "link");
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    for (int repeats = 0; repeats != 2; ++repeats) {
      std::vector<std::string> names;
      for (auto const& each : co_await inbox.entries())
        names.push_back(fmt::format("{} {}", each.name, static_cast<int>(each.what)));
      CHECK(names ==
            std::vector<std::string>{".hidden 0", "B 0", "a 0", "b 0", "c 1", "link 2", "pipe 3", "\xc3\xa4 0"});
    }
    auto const deeper = co_await inbox.entries("c");
    REQUIRE(deeper.size() == 1);
    CHECK(deeper[0].name == "d");
  });
}

TEST_CASE("a directory tells how much space is free") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    auto const space = co_await inbox.free_space();
    struct statvfs now = {};
    REQUIRE(::statvfs(there.path("inbox").c_str(), &now) == 0);
    auto const total = std::uint64_t{now.f_blocks} * now.f_frsize;
    CHECK(space > 0);
    CHECK(space <= total);
  });
}

TEST_CASE("names and paths that are too long are errors") {
  in_a_house([](house const&, directory const& inbox) -> task<> {
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

TEST_CASE("opening a FIFO in a directory does not wait for who opens its other end") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    co_await inbox.open_file("pipe");
    auto const failure = co_await failure_of<error>(inbox.open_file("pipe", {.access = file_access::write}));
    CHECK(failure.code() == std::errc::no_such_device_or_address);
  });
}

TEST_CASE("what is opened in a directory waits when it is read, as other files do") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    REQUIRE(::mkfifo(there.inbox("pipe").c_str(), 0600) == 0);
    auto const opened = co_await inbox.open_file("pipe");
    CHECK((::fcntl(opened.native_handle(), F_GETFL) & O_NONBLOCK) == 0);
    CHECK((::fcntl(opened.native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
  });
}

TEST_CASE("a directory goes on to be the same when its path is given to another") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    std::filesystem::rename(there.path("inbox"), there.path("moved"));
    std::filesystem::create_symlink("secret", there.path("inbox"));
    co_await put(inbox, "book", "hello");
    CHECK(there.text_of("moved/book") == "hello");
    CHECK(there.is_secret_untouched());
  });
}

TEST_CASE("a directory that is not there, or is a file, is not opened") {
  temporary_directory const there;
  std::ofstream(there.file("book")) << "hello";
  complete([&]() -> task<> {
    auto const of_none = co_await failure_of<error>(open_directory(there.file("none")));
    CHECK(of_none.what() == "open " + there.file("none") + ": no such file or directory");
    auto const of_file = co_await failure_of<error>(open_directory(there.file("book")));
    CHECK(of_file.what() == "open " + there.file("book") + ": not a directory");
    auto const of_nul = co_await failure_of<error>(open_directory(there.path() + std::string("\0x", 2)));
    CHECK_THAT(of_nul.what(), ContainsSubstring("a path cannot have a NUL in it"));
  });
}

TEST_CASE("a directory that has never been opened, or was moved from, fails all operations") {
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

TEST_CASE("operations on a directory leave no descriptor behind, whether they succeed or fail") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a/b/c");
    there.link("../secret", "link");
    auto const before = open_descriptors();
    for (std::string const path : {"a/b/c", "a/b/c/d", "a/b/none/e", "link/x", "..", "a/link"})
      for (auto const& operation : operations()) static_cast<void>(co_await as_result(operation.call(inbox, path)));
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("in a canceled scope every operation on a directory ends at once, and does nothing") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
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

TEST_CASE("nothing leads outside while another thread swaps a directory for a symbolic link", "[threads]") {
  in_a_house([](house const& there, directory const& inbox) -> task<> {
    co_await inbox.make_directories("a");
    co_await inbox.make_directories("b");
    there.link("../../secret", "a/link");
    std::atomic<bool> is_over = false;
    // Now "a/link" is a directory, now a symbolic link out.
    std::jthread const swapper([&] {
      std::filesystem::create_directory(there.inbox("b/link"));
      while (!is_over)
        ::renameat2(AT_FDCWD, there.inbox("a/link").c_str(), AT_FDCWD, there.inbox("b/link").c_str(), RENAME_EXCHANGE);
    });
    int passed = 0;
    int refused = 0;
    auto const attempt = [&](task<> operation) -> task<> {
      auto const outcome = co_await as_result(std::move(operation));
      ++(outcome ? passed : refused);
    };
    for (int i = 0; i != scaled(300); ++i) {
      auto const name = fmt::format("a/link/{}", i);
      co_await attempt(put(inbox, name, "escaped?"));
      co_await attempt(inbox.make_directories(name + "-folder/x"));
      co_await attempt(inbox.rename("b", "a/link/moved"));
      co_await attempt(remove(inbox, "a/link/passwd"));
      co_await attempt(list(inbox, "a/link"));
    }
    is_over = true;
    CHECK(passed > 0);
    CHECK(refused > 0);
    CHECK(there.is_secret_untouched());
  });
}
