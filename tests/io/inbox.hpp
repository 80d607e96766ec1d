// For tests of `directory`: an inbox, a secret beside it that must stay unreachable, and a list of all operations.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include <strait/strait.hpp>

#include "catch.hpp"
#include "core/waiting.hpp"
#include "io/files.hpp"
#include "io/path_beneath.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

namespace strait::test {

inline constexpr open_options to_make{.access = file_access::write, .creation = file_creation::if_missing};

/// The tests work in the directory `inbox`. Beside it is `secret`, which no operation on `inbox` may reach. Each test
/// runs twice: with openat2, which confines paths to a directory, and without.
class inbox_fixture {
 public:
  inbox_fixture() {
    if (GENERATE(false, true)) without_openat2_ = std::make_unique<detail::without_new_calls>();
    UNSCOPED_INFO((without_openat2_ ? "part by part" : "as a whole"));
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
    co_return directory(::dup(opened.native_handle()), "inbox");  // with a short name for messages
  }
  [[nodiscard]] bool is_secret_unchanged() const {
    return text_of("secret/passwd") == "root" &&
           std::distance(std::filesystem::directory_iterator(path("secret")), {}) == 1;
  }

 private:
  temporary_directory there_;
  std::unique_ptr<detail::without_new_calls> without_openat2_;
};

/// Runs `body(inbox_fixture, inbox)`.
template <class Body>
void with_inbox(Body body) {
  inbox_fixture const there;
  complete([&]() -> task<> {
    auto const inbox = co_await there.opened();
    co_await body(there, inbox);
  });
}

inline task<> put(directory const& in, std::string path, std::string text) {
  auto made = co_await in.open_file(path, to_make);
  co_await made.write_at(0, text);
}

inline task<std::string> text_in(directory const& in, std::string path) {
  auto opened = co_await in.open_file(path);
  std::string text(100, '\0');
  text.resize(co_await opened.read_at(0, text));
  co_return text;
}

/// An operation with a path, and its name for messages.
struct operation_on_path {
  std::string name;
  std::function<task<>(directory const&, std::string)> call;
};

inline task<> open_for_reading(directory const& in, std::string path) { co_await in.open_file(path); }
inline task<> open_for_writing(directory const& in, std::string path) { co_await in.open_file(path, to_make); }
inline task<> open_as_directory(directory const& in, std::string path) { co_await in.open_directory(path); }
inline task<> make(directory const& in, std::string path) { co_await in.create_directories(path); }
inline task<> rename_from(directory const& in, std::string path) { co_await in.rename(path, "new"); }
inline task<> rename_to(directory const& in, std::string path) { co_await in.rename("old", path, if_exists::replace); }
inline task<> remove(directory const& in, std::string path) { co_await in.remove(path); }
inline task<> sync(directory const& in, std::string path) { co_await in.sync(path); }
inline task<> ask(directory const& in, std::string path) { co_await in.status(path); }
inline task<> list(directory const& in, std::string path) { co_await in.entries(path); }

inline std::vector<operation_on_path> const& operations() {
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

}  // namespace strait::test
