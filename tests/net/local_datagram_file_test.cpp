// local::bind: the file of a datagram socket.
#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("the file of a local socket exists while the socket is open and is removed afterwards") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  auto socket = local::bind(path);
  CHECK(std::filesystem::is_socket(path));
  CHECK(socket.local_endpoint() == local::endpoint::path(path));
  SECTION("when it is closed") {
    socket.close();
    CHECK(directory.is_empty());
  }
  SECTION("when it is destroyed, even after a move") {
    {
      local::socket const other(std::move(socket));
      CHECK(exists(path));
    }
    CHECK(directory.is_empty());
  }
  SECTION("when another socket is assigned to it") {
    socket = local::bind(abstract_name());
    CHECK(directory.is_empty());
  }
}

TEST_CASE("the file of a local socket is removed even if the socket was used on a loop that has ended") {
  temporary_directory const directory;
  {
    auto socket = local::bind(directory.at("s"));
    complete([&]() -> task<> { co_await socket.sendto("x", directory.at("s")); });
    complete([&]() -> task<> {
      char byte[1];
      auto const got = co_await socket.recvfrom(byte);
      CHECK(got.from == directory.at("s"));
    });
  }
  CHECK(directory.is_empty());
}

TEST_CASE("a file that another program has put in the place of the socket's file is not removed") {
  temporary_directory const directory;
  auto socket = local::bind(directory.at("s"));
  REQUIRE(::unlink(directory.file("s").c_str()) == 0);
  auto const other = raw_bound(SOCK_DGRAM, directory.at("s"));
  socket.close();
  CHECK(exists(directory.file("s")));
  CHECK_NOTHROW(raw_connect(directory.at("s"), SOCK_DGRAM));
}

TEST_CASE("the file of a local socket that is released is kept") {
  temporary_directory const directory;
  auto socket = local::bind(directory.at("s"));
  raw_socket const released(socket.release());
  CHECK_FALSE(socket.is_open());
  CHECK(exists(directory.file("s")));
  raw_connect(directory.at("s"), SOCK_DGRAM).send("x");
  CHECK(released.is_readable(0ms));
}

TEST_CASE("the file of a local socket has exactly the requested permissions") {
  auto const permissions = GENERATE(0600, 0660, 0666);
  auto const mask = GENERATE(as<mode_t>(), 022, 077);
  temporary_directory const directory;
  with_umask const in_force(mask);
  auto const socket = local::bind(directory.at("s"), {.permissions = permissions});
  CHECK(permissions_of(directory.file("s")) == static_cast<unsigned>(permissions));
}

TEST_CASE("without requested permissions, the umask determines which users may send") {
  auto const mask = GENERATE(as<mode_t>(), 022, 077);
  temporary_directory const directory;
  with_umask const in_force(mask);
  auto const socket = local::bind(directory.at("s"));
  CHECK(permissions_of(directory.file("s")) == (0777u & ~mask));
}

TEST_CASE("the file of a datagram socket of a killed process is replaced") {
  temporary_directory const directory;
  another_process other([&] { return raw_bound(SOCK_DGRAM, directory.at("s")); });
  CHECK_THROWS_WITH(local::bind(directory.at("s")), "bind " + directory.file("s") + ": address already in use");
  other.kill();
  REQUIRE(exists(directory.file("s")));
  auto const socket = local::bind(directory.at("s"));
  CHECK_NOTHROW(raw_connect(directory.at("s"), SOCK_DGRAM));
}

TEST_CASE("a local socket that cannot be bound reports a clear error and leaks nothing") {
  temporary_directory const directory;
  auto const taken = local::bind(abstract_name());
  auto const name = taken.local_endpoint();
  auto const before = open_descriptors();
  auto const path = directory.file("no/s");
  CHECK_THROWS_WITH(local::bind(path), "bind " + path + ": no such file or directory");
  CHECK_THROWS_WITH(local::bind(name), "bind " + name.to_string() + ": address already in use");
  CHECK_THROWS_WITH(local::bind(""), "bind: bad local endpoint \"\": the path is empty");
  CHECK(open_descriptors() == before);
}
