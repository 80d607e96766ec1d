// local::listen: names, files and their permissions.
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "faulty_system.hpp"
#include "local_sockets.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a listener at a path can be connected to") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  auto listener = local::listen(path);
  CHECK(listener.is_open());
  CHECK(listener.local_endpoint() == local::endpoint::path(path));
  CHECK(works(listener, local::endpoint::path(path)));
}

TEST_CASE("a listener at an abstract name can be connected to") {
  auto const at = abstract_name();
  auto listener = local::listen(at.to_string());
  CHECK(listener.local_endpoint() == at);
  CHECK(works(listener, at));
}

TEST_CASE("an abstract name may contain NULs and any other bytes") {
  auto const at = local::endpoint::abstract(std::string(abstract_name().name()) + std::string("\0\xff\0", 3));
  auto listener = local::listen(at);
  CHECK(listener.local_endpoint() == at);
  CHECK(works(listener, at));
}

TEST_CASE("for the unnamed endpoint, the system chooses a name, and the listener reports it") {
  auto listener = local::listen(local::endpoint());
  auto const at = listener.local_endpoint();
  CHECK(at.is_abstract());
  CHECK_FALSE(at.name().empty());
  CHECK(works(listener, at));
}

TEST_CASE("a path of 107 bytes can be listened on") {
  temporary_directory const directory;
  auto const path = directory.file(std::string(107 - directory.path().size() - 1, 'x'));
  REQUIRE(path.size() == 107);
  {
    auto listener = local::listen(path);
    CHECK(listener.local_endpoint().name() == path);
    CHECK(works(listener, local::endpoint::path(path)));
  }
  CHECK(directory.is_empty());
}

TEST_CASE("an abstract name is free again after its listener is closed") {
  auto const at = abstract_name();
  for (int i = 0; i != 3; ++i) {
    auto listener = local::listen(at);
    CHECK(works(listener, at));
  }
}

TEST_CASE("listening on an abstract name that is in use fails with an error that names it") {
  auto const at = abstract_name();
  auto const first = local::listen(at);
  CHECK_THROWS_WITH(local::listen(at), "listen on " + at.to_string() + ": address already in use");
}

TEST_CASE("a text that is not a local endpoint cannot be listened on") {
  CHECK_THROWS_WITH(local::listen(""), "listen: bad local endpoint \"\": the path is empty");
  CHECK_THROWS_WITH(local::listen("@"), "listen: bad local endpoint \"@\": the abstract name is empty");
  CHECK_THROWS_WITH(local::listen(std::string(108, 'x')), ContainsSubstring("listen: bad local endpoint \"xxx"));
}

TEST_CASE("the file of a listener is a socket and is removed when the listener is closed") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  auto listener = local::listen(path);
  CHECK(std::filesystem::is_socket(path));
  listener.close();
  CHECK(directory.is_empty());
  listener.close();
}

TEST_CASE("the file of a listener is removed when the listener is destroyed") {
  temporary_directory const directory;
  { auto const listener = local::listen(directory.file("s")); }
  CHECK(directory.is_empty());
}

TEST_CASE("moving a listener moves the responsibility for its file") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  local::listener last;
  {
    auto first = local::listen(path);
    local::listener second(std::move(first));
    last = std::move(second);
    CHECK_FALSE(second.is_open());
  }
  CHECK(exists(path));
  CHECK(works(last, local::endpoint::path(path)));
  last = local::listen(directory.file("other"));  // closes its previous socket
  CHECK_FALSE(exists(path));
  last.close();
  CHECK(directory.is_empty());
}

TEST_CASE("the file of a listener is removed even if the listener was used on a loop that has ended") {
  temporary_directory const directory;
  {
    auto listener = local::listen(directory.at("s"));
    CHECK(works(listener, directory.at("s")));
    CHECK(works(listener, directory.at("s")));
  }
  CHECK(directory.is_empty());
}

TEST_CASE("the file of a listener at a relative path is removed even if the working directory has changed") {
  temporary_directory const directory;
  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  auto listener = local::listen("s");
  std::filesystem::current_path(before);
  CHECK(exists(directory.file("s")));
  listener.close();
  CHECK(directory.is_empty());
}

TEST_CASE("a file that another program has put in the place of the listener's file is not removed") {
  temporary_directory const directory;
  auto const path = directory.file("s");
  auto listener = local::listen(path);
  REQUIRE(::unlink(path.c_str()) == 0);
  SECTION("the socket of another process") {
    another_process const other([&] { return raw_listener(directory.at("s")); });
    listener.close();
    CHECK(exists(path));
    CHECK_NOTHROW(raw_connect(directory.at("s")));
  }
  SECTION("the socket of another listener") {
    auto second = local::listen(path);
    listener.close();
    CHECK(exists(path));
    CHECK(works(second, directory.at("s")));
    second.close();
    CHECK(directory.is_empty());
  }
  SECTION("a directory") {
    REQUIRE(::mkdir(path.c_str(), 0700) == 0);
    listener.close();
    CHECK(exists(path));
  }
}

TEST_CASE("a listener whose file was removed by another program can be closed") {
  temporary_directory const directory;
  auto listener = local::listen(directory.file("s"));
  REQUIRE(::unlink(directory.file("s").c_str()) == 0);
  listener.close();
  CHECK_FALSE(listener.is_open());
}

TEST_CASE("the file of a listener has exactly the requested permissions") {
  auto const permissions = GENERATE(0600, 0660, 0666);
  auto const mask = GENERATE(as<mode_t>(), 022, 077, 0);
  temporary_directory const directory;
  with_umask const in_force(mask);
  auto const listener = local::listen(directory.at("s"), {.permissions = permissions});
  CHECK(permissions_of(directory.file("s")) == static_cast<unsigned>(permissions));
}

TEST_CASE("permissions do not follow a symbolic link that replaces a listener's file") {
  temporary_directory const directory;
  auto const victim = directory.file("victim");
  REQUIRE(std::ofstream(victim).put('x'));
  REQUIRE(::chmod(victim.c_str(), 0600) == 0);
  swapping_for_link const attacker(victim.c_str());
  auto const listener = local::listen(directory.at("s"), {.permissions = 0666});
  CHECK(permissions_of(victim) == 0600u);
}

TEST_CASE("without requested permissions, the umask determines which users may connect") {
  auto const mask = GENERATE(as<mode_t>(), 022, 077, 0);
  temporary_directory const directory;
  with_umask const in_force(mask);
  auto const listener = local::listen(directory.at("s"));
  CHECK(permissions_of(directory.file("s")) == (0777u & ~mask));
}

TEST_CASE("listening with permissions does not change the umask") {
  temporary_directory const directory;
  with_umask const in_force(027);
  auto const listener = local::listen(directory.at("s"), {.permissions = 0666});
  auto const mask = ::umask(027);
  CHECK(mask == 027);
}

TEST_CASE("a user without write permission for the file cannot connect") {
  temporary_directory const directory;
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  auto const listener = local::listen(directory.at("s"), {.permissions = 0600});
  if (::geteuid() != 0) return;
  without_privileges const somebody_else;
  if (!somebody_else.are_gone()) return;
  auto connect = [&]() -> task<> { static_cast<void>(co_await local::connect(directory.at("s"))); };
  CHECK_THROWS_WITH(complete(connect), "connect to " + directory.file("s") + ": permission denied");
}

TEST_CASE("a missing directory is reported as a clear error and nothing leaks") {
  temporary_directory const directory;
  auto const path = directory.file("no/s");
  auto const before = open_descriptors();
  CHECK_THROWS_WITH(local::listen(path), "listen on " + path + ": no such file or directory");
  CHECK(open_descriptors() == before);
}

TEST_CASE("a directory that is a file is reported as a clear error") {
  temporary_directory const directory;
  auto const file = raw_bound(SOCK_STREAM, directory.at("file"));
  auto const path = directory.file("file/s");
  CHECK_THROWS_WITH(local::listen(path), "listen on " + path + ": not a directory");
}

TEST_CASE("a directory without write permission is reported as a clear error and nothing leaks") {
  temporary_directory const directory;
  REQUIRE(::chmod(directory.path().c_str(), 0555) == 0);
  without_privileges const in_force;
  if (!in_force.are_gone()) return;
  auto const path = directory.file("s");
  auto const before = open_descriptors();
  CHECK_THROWS_WITH(local::listen(path), "listen on " + path + ": permission denied");
  CHECK(open_descriptors() == before);
}

TEST_CASE("a listening local descriptor can be adopted and its file is kept") {
  temporary_directory const directory;
  auto raw = raw_listener(directory.at("s"));
  {
    local::listener listener(raw.release());
    CHECK(listener.local_endpoint() == directory.at("s"));
    CHECK(works(listener, directory.at("s")));
  }
  CHECK(exists(directory.file("s")));
}

TEST_CASE("a descriptor that is not a local stream is not adopted as a listener, and remains the caller's") {
  auto const before = open_descriptors();
  {
    auto const tcp = test::raw_listener();
    CHECK_THROWS_WITH(local::listener(tcp.get()),
                      "take over a local listener: the descriptor is a different kind of socket");
    auto const datagram = raw_local(SOCK_DGRAM);
    CHECK_THROWS_WITH(local::listener(datagram.get()),
                      "take over a local listener: the descriptor is a different kind of socket");
    auto const packets = raw_local(SOCK_SEQPACKET);
    CHECK_THROWS_WITH(local::listener(packets.get()),
                      "take over a local listener: the descriptor is a different kind of socket");
    CHECK_THROWS_WITH(local::listener(-1), "take over a local listener: bad file descriptor");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("an accept on a local socket that does not listen fails with an error that names the socket") {
  auto const at = abstract_name();
  local::listener listener(raw_bound(SOCK_STREAM, at).release());
  complete([&]() -> task<> {
    auto const outcome = co_await as_result(listener.accept());
    CHECK(outcome.message() == "accept on " + at.to_string() + ": invalid argument");
  });
}

TEST_CASE("a closed local listener has no endpoint") {
  local::listener const listener;
  CHECK_FALSE(listener.is_open());
  CHECK(listener.native_handle() == -1);
  CHECK_THROWS_WITH(listener.local_endpoint(), "local_endpoint: closed on this side");
}
