// Existing files at the path of a new local socket: stale ones are replaced, those of live sockets never.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string in_use(std::string const& doing, std::string const& path) {
  return doing + ' ' + path + ": address already in use";
}

ino_t number_of(std::string const& path) {
  struct stat file = {};
  if (::lstat(path.c_str(), &file) != 0) fail_with_errno("lstat");
  return file.st_ino;
}

/// Listens on `path` or binds to it: the two operations that create a socket file.
void create_socket_file(std::string const& path, bool is_stream) {
  if (is_stream) static_cast<void>(local::listen(path));
  else static_cast<void>(local::bind(path));
}

/// Locks a directory, as another program might.
class kept_locked {
 public:
  explicit kept_locked(std::string const& directory)
      : descriptor_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (::flock(descriptor_.get(), LOCK_EX) != 0) fail_with_errno("flock");
  }

 private:
  raw_socket descriptor_;  // closes the descriptor
};

}  // namespace

TEST_CASE("a file that is not a socket is neither replaced nor modified") {
  bool const is_stream = GENERATE(true, false);
  std::string const doing = is_stream ? "listen on" : "bind";
  temporary_directory const directory;
  auto const path = directory.file("s");
  auto const message = doing + ' ' + path + ": the path exists and is not a socket";
  auto const before = open_descriptors();
  SECTION("a regular file") {
    std::ofstream(path) << "content";
    CHECK_THROWS_WITH(create_socket_file(path, is_stream), message);
    std::ifstream file(path);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == "content");
  }
  SECTION("a directory") {
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
    CHECK_THROWS_WITH(create_socket_file(path, is_stream), message);
    CHECK(std::filesystem::is_directory(path));
  }
  SECTION("a fifo") {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_THROWS_WITH(create_socket_file(path, is_stream), message);
    CHECK(std::filesystem::is_fifo(path));
  }
  SECTION("a symbolic link to a stale socket") {
    leave_stale(directory.at("target"), is_stream ? SOCK_STREAM : SOCK_DGRAM);
    REQUIRE(::symlink("target", path.c_str()) == 0);
    CHECK_THROWS_WITH(create_socket_file(path, is_stream), message);
    CHECK(std::filesystem::is_symlink(path));
    CHECK(exists(directory.file("target")));
  }
  SECTION("a dangling symbolic link") {
    REQUIRE(::symlink("target", path.c_str()) == 0);
    CHECK_THROWS_WITH(create_socket_file(path, is_stream), message);
    CHECK(std::filesystem::is_symlink(path));
    CHECK_FALSE(exists(directory.file("target")));
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a file that is not a socket is reported as an address in use") {
  temporary_directory const directory;
  std::ofstream(directory.file("s")) << "content";
  try {
    static_cast<void>(local::listen(directory.at("s")));
    FAIL("nothing was thrown");
  } catch (error const& e) {
    CHECK(e.code() == std::errc::address_in_use);
  }
}

TEST_CASE("the file of a socket that was closed is replaced") {
  temporary_directory const directory;
  auto const type = GENERATE(as<int>(), SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET);
  leave_stale(directory.at("s"), type);
  SECTION("by a listener") {
    auto listener = local::listen(directory.at("s"));
    CHECK(works(listener, directory.at("s")));
  }
  SECTION("by a datagram socket") {
    auto const socket = local::bind(directory.at("s"));
    CHECK_NOTHROW(raw_connect(directory.at("s"), SOCK_DGRAM));
  }
  CHECK_FALSE(exists(directory.file("s")));
}

TEST_CASE("the file of a process that was killed is replaced") {
  temporary_directory const directory;
  another_process other([&] { return raw_listener(directory.at("s")); });
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  other.kill();
  REQUIRE(exists(directory.file("s")));
  auto listener = local::listen(directory.at("s"));
  CHECK(works(listener, directory.at("s")));
}

TEST_CASE("the file of a process of this library that was killed is replaced") {
  temporary_directory const directory;
  another_process other([&] { return local::listen(directory.at("s")); });
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  other.kill();
  REQUIRE(exists(directory.file("s")));
  auto listener = local::listen(directory.at("s"));
  CHECK(works(listener, directory.at("s")));
}

TEST_CASE("a stale file is replaced by one with the requested permissions") {
  temporary_directory const directory;
  leave_stale(directory.at("s"));
  REQUIRE(::chmod(directory.file("s").c_str(), 0777) == 0);
  with_umask const in_force(077);
  auto const listener = local::listen(directory.at("s"), {.permissions = 0660});
  CHECK(permissions_of(directory.file("s")) == 0660u);
}

TEST_CASE("the file of a live listener is never replaced") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  auto const before = number_of(directory.file("s"));
  auto const descriptors = open_descriptors();
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
  CHECK(number_of(directory.file("s")) == before);
  CHECK(open_descriptors() == descriptors);
  complete([&]() -> task<> {
    auto const outcome = co_await as_result(timeout(1ms, listener.accept()));
    CHECK(outcome.error() == std::errc::timed_out);  // the check did not disturb the listener
  });
  CHECK(works(listener, directory.at("s")));
}

TEST_CASE("the file of a live listener with a full backlog is never replaced") {
  temporary_directory const directory;
  auto const listener = raw_listener(directory.at("s"), 0);
  backlog_filler const full(directory.at("s"));
  REQUIRE(full.count() > 0);
  auto const before = number_of(directory.file("s"));
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
  CHECK(number_of(directory.file("s")) == before);
}

TEST_CASE("the file of a live datagram socket is never replaced") {
  temporary_directory const directory;
  auto const socket = raw_bound(SOCK_DGRAM, directory.at("s"));
  auto const before = number_of(directory.file("s"));
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
  CHECK(number_of(directory.file("s")) == before);
  CHECK_FALSE(socket.is_readable(0ms));  // the check did not disturb the socket
}

TEST_CASE("the file of a live datagram socket that is full or connected is never replaced") {
  temporary_directory const directory;
  auto const socket = raw_bound(SOCK_DGRAM, directory.at("s"));
  SECTION("full") {
    auto const sender = raw_connect(directory.at("s"), SOCK_DGRAM | SOCK_NONBLOCK);
    while (::send(sender.get(), "x", 1, MSG_NOSIGNAL) == 1) {}
    CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
  }
  SECTION("connected") {
    auto const friend_of_it = raw_bound(SOCK_DGRAM, directory.at("friend"));
    REQUIRE(connect_raw(socket, directory.at("friend")) == 0);
    CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
  }
  CHECK(exists(directory.file("s")));
}

TEST_CASE("the file of a live SOCK_SEQPACKET socket is never replaced") {
  temporary_directory const directory;
  auto const socket = raw_bound(SOCK_SEQPACKET, directory.at("s"));
  REQUIRE(::listen(socket.get(), 1) == 0);
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK_THROWS_WITH(local::bind(directory.at("s")), in_use("bind", directory.file("s")));
}

TEST_CASE("the file of a live listener without permission to connect is never replaced") {
  if (::geteuid() != 0) return;
  temporary_directory const directory;
  REQUIRE(::chmod(directory.path().c_str(), 0777) == 0);
  auto const listener = local::listen(directory.at("s"), {.permissions = 0600});
  auto const before = number_of(directory.file("s"));
  {
    without_privileges const in_force;
    if (!in_force.are_gone()) return;
    CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  }
  CHECK(number_of(directory.file("s")) == before);
}

TEST_CASE("if many threads listen on a stale path at the same time, exactly one of them succeeds", "[threads]") {
  constexpr int threads = 8;
  bool const is_stream = GENERATE(true, false);
  temporary_directory const directory;
  auto const at = directory.at("s");
  auto const expected = in_use(is_stream ? "listen on" : "bind", at.to_string());
  for (int round = 0; round != 50; ++round) {
    leave_stale(at, is_stream ? SOCK_STREAM : SOCK_DGRAM);
    std::latch begin(threads);
    std::vector<local::listener> listeners(threads);
    std::vector<local::socket> sockets(threads);
    std::vector<std::string> errors(threads);
    std::vector<std::thread> all;
    for (std::size_t i = 0; i != threads; ++i)
      all.emplace_back([&, i] {
        begin.arrive_and_wait();
        try {
          if (is_stream) listeners[i] = local::listen(at);
          else sockets[i] = local::bind(at);
        } catch (std::exception const& e) {
          errors[i] = e.what();
        }
      });
    for (auto& each : all) each.join();

    auto const winners = std::count(errors.begin(), errors.end(), "");
    REQUIRE(winners == 1);
    REQUIRE(std::count(errors.begin(), errors.end(), expected) == threads - 1);
    REQUIRE_NOTHROW(raw_connect(at, is_stream ? SOCK_STREAM : SOCK_DGRAM));
    listeners.clear();
    sockets.clear();
    REQUIRE_FALSE(exists(at.to_string()));
  }
}

TEST_CASE("listeners that are opened and closed at one path never remove each other's files", "[threads]") {
  temporary_directory const directory;
  auto const at = directory.at("s");
  std::atomic<int> stolen = 0;
  std::vector<std::thread> all;
  for (int i = 0; i != 4; ++i)
    all.emplace_back([&] {
      for (int round = 0; round != 50; ++round) {
        try {
          auto const listener = local::listen(at);
          auto const client = raw_local(SOCK_STREAM);
          if (connect_raw(client, at) != 0) ++stolen;
        } catch (std::exception const&) {  // another thread listens
        }
      }
    });
  for (auto& each : all) each.join();
  CHECK(stolen == 0);
  CHECK(directory.is_empty());
}

TEST_CASE("a lock that another program holds on the directory does not prevent listening or replacing") {
  temporary_directory const directory;
  leave_stale(directory.at("s"));
  kept_locked const in_force(directory.path());
  auto listener = local::listen(directory.at("s"));
  CHECK(works(listener, directory.at("s")));
  listener.close();
  CHECK(directory.is_empty());
}

TEST_CASE("the file of a socket that is bound but does not listen yet is never replaced") {
  temporary_directory const directory;
  auto const bound = raw_bound(SOCK_STREAM, directory.at("s"));
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK(exists(directory.file("s")));
}

TEST_CASE("a stale file is not replaced while another process is about to replace it") {
  temporary_directory const directory;
  leave_stale(directory.at("s"));
  auto const stale = number_of(directory.file("s"));
  raw_socket lock(::open(directory.file(".s.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  CHECK_THROWS_WITH(local::listen(directory.at("s")), in_use("listen on", directory.file("s")));
  CHECK(number_of(directory.file("s")) == stale);
  lock.close();
  auto listener = local::listen(directory.at("s"));  // a lock file that a killed process has left has no effect
  CHECK(works(listener, directory.at("s")));
  listener.close();
  CHECK(directory.is_empty());
}

TEST_CASE("the file of a socket exists as long as any process has the socket open") {
  bool const is_stream = GENERATE(true, false);
  temporary_directory const directory;
  local::listener listener;
  local::socket socket;
  if (is_stream) listener = local::listen(directory.at("s"));
  else socket = local::bind(directory.at("s"));
  another_process child([] { return 0; });  // it has inherited the sockets
  listener.close();
  socket.close();
  CHECK(exists(directory.file("s")));
  CHECK_NOTHROW(raw_connect(directory.at("s"), is_stream ? SOCK_STREAM : SOCK_DGRAM));
  child.kill();
  CHECK_NOTHROW(local::listen(directory.at("s")));
}

TEST_CASE("the file of a socket is kept when a forked process closes its copy of the socket") {
  temporary_directory const directory;
  auto listener = local::listen(directory.at("s"));
  another_process const child([&] {
    listener.close();
    return 0;
  });
  CHECK(exists(directory.file("s")));
  listener.close();
  CHECK(directory.is_empty());
}

TEST_CASE("the file of a listener is removed even if its connections are still open") {
  temporary_directory const directory;
  local_connection connection(directory.at("s"));
  connection.listener.close();
  CHECK(directory.is_empty());
}
