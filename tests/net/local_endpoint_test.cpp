// local::endpoint: a path or an abstract name, as a value and as text.
#include <strait/net/local_endpoint.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_set>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>

#include <strait/base/error.hpp>

#include "catch.hpp"

using namespace strait;
using namespace std::string_view_literals;

static_assert(local::endpoint().is_unnamed() && !local::endpoint().is_path() && !local::endpoint().is_abstract());
static_assert(local::endpoint().name().empty());
static_assert(local::endpoint() == local::endpoint());
static_assert(local::endpoint::max_sockaddr_size >= sizeof(sockaddr_un));

namespace {

constexpr std::size_t head = offsetof(sockaddr_un, sun_path);

/// The endpoint of a sockaddr_un whose name is `bytes`, followed by garbage.
local::endpoint from_name(std::string_view bytes) {
  sockaddr_un address;
  std::memset(&address, '?', sizeof address);
  address.sun_family = AF_UNIX;
  std::copy(bytes.begin(), bytes.end(), address.sun_path);
  return local::endpoint::from_sockaddr(&address, head + bytes.size());
}

local::endpoint round_trip(local::endpoint const& what) {
  alignas(sockaddr_un) unsigned char address[local::endpoint::max_sockaddr_size];
  std::memset(address, '?', sizeof address);
  auto const size = what.to_sockaddr(address);
  return local::endpoint::from_sockaddr(address, size);
}

}  // namespace

TEST_CASE("a local endpoint can be a path") {
  auto const path = local::endpoint::path("/run/service.sock");
  CHECK(path.is_path());
  CHECK_FALSE(path.is_abstract());
  CHECK_FALSE(path.is_unnamed());
  CHECK(path.name() == "/run/service.sock");
  CHECK(path.to_string() == "/run/service.sock");
}

TEST_CASE("a local endpoint can be an abstract name") {
  auto const name = local::endpoint::abstract("service");
  CHECK(name.is_abstract());
  CHECK_FALSE(name.is_path());
  CHECK_FALSE(name.is_unnamed());
  CHECK(name.name() == "service");
  CHECK(name.to_string() == "@service");
}

TEST_CASE("a local endpoint can be unnamed") { CHECK(local::endpoint().to_string() == "(unnamed)"); }

TEST_CASE("the text of a local endpoint can be parsed to the same endpoint") {
  auto const text = GENERATE(as<std::string>(), "/run/service.sock", "relative.sock", "./@file", "@name", "@@name",
                             "@/", "/", "/a path with spaces", "(unnamed)");
  CHECK(local::endpoint::parse(text).to_string() == text);
}

TEST_CASE("a text that begins with an at sign is an abstract name and any other text is a path") {
  CHECK(local::endpoint::parse("@name") == local::endpoint::abstract("name"));
  CHECK(local::endpoint::parse("./@name") == local::endpoint::path("./@name"));
  CHECK(local::endpoint::path("@name").is_path());  // path() accepts it
}

TEST_CASE("a local endpoint can be formatted with string format specifiers") {
  auto const path = local::endpoint::path("/a");
  CHECK(fmt::format("{}", path) == "/a");
  CHECK(fmt::format("{:>6}|{:<4}|{:^4}|", path, local::endpoint::abstract("b"), path) == "    /a|@b  | /a |");
  CHECK(fmt::format("{:*>11}", local::endpoint()) == "**(unnamed)");
}

TEST_CASE("local endpoints are equal if their kinds and names are equal") {
  CHECK(local::endpoint::path("a") == local::endpoint::path("a"));
  CHECK(local::endpoint::path("a") != local::endpoint::path("b"));
  CHECK(local::endpoint::path("a") != local::endpoint::path("./a"));  // the texts are compared, not the files
  CHECK(local::endpoint::path("a") != local::endpoint::abstract("a"));
  CHECK(local::endpoint::abstract("a") != local::endpoint::abstract("a\0"sv));
  CHECK(local::endpoint() != local::endpoint::abstract("\0"sv));
}

TEST_CASE("local endpoints are ordered") {
  CHECK(local::endpoint() < local::endpoint::path("a"));
  CHECK(local::endpoint::path("a") < local::endpoint::path("b"));
  CHECK(local::endpoint::path("a") < local::endpoint::path("aa"));
  CHECK((local::endpoint::path("a") < local::endpoint::abstract("a")) !=
        (local::endpoint::abstract("a") < local::endpoint::path("a")));
}

TEST_CASE("local endpoints can be keys of maps") {
  std::unordered_set<local::endpoint> const known{local::endpoint::path("a"), local::endpoint::abstract("a"),
                                                  local::endpoint(), local::endpoint::path("a")};
  CHECK(known.size() == 3);
  CHECK(known.count(local::endpoint::parse("@a")) == 1);
  CHECK(known.count(local::endpoint::parse("@b")) == 0);
}

TEST_CASE("a local endpoint survives the conversion to a sockaddr and back") {
  auto const longest = std::string(107, 'x');
  for (auto const& each :
       {local::endpoint(), local::endpoint::path("/run/service.sock"), local::endpoint::path(longest),
        local::endpoint::path("/\xff\xfe\xc3\xa9"), local::endpoint::abstract("name"),
        local::endpoint::abstract(longest), local::endpoint::abstract("a\0\0b\0"sv), local::endpoint::abstract("\0"sv),
        local::endpoint::abstract("\xff\0\xc3\xa9 \x01"sv)})
    CHECK(round_trip(each) == each);
}

TEST_CASE("the sockaddr of a path ends with a NUL and that of an abstract name begins with one") {
  sockaddr_un system;
  CHECK(local::endpoint::path("/a").to_sockaddr(&system) == head + 3);
  CHECK(system.sun_family == AF_UNIX);
  CHECK(std::string(system.sun_path, 3) == "/a\0"sv);
  CHECK(local::endpoint::abstract("a").to_sockaddr(&system) == head + 2);
  CHECK(std::string(system.sun_path, 2) == "\0a"sv);
  CHECK(local::endpoint().to_sockaddr(&system) == head);
  CHECK(local::endpoint::path(std::string(107, 'x')).to_sockaddr(&system) == sizeof(sockaddr_un));
  CHECK(local::endpoint::abstract(std::string(107, 'x')).to_sockaddr(&system) == sizeof(sockaddr_un));
}

TEST_CASE("a path in a sockaddr ends at its NUL or at the end of the address") {
  CHECK(from_name("/a\0"sv) == local::endpoint::path("/a"));
  CHECK(from_name("/a") == local::endpoint::path("/a"));
  CHECK(from_name("/a\0garbage"sv) == local::endpoint::path("/a"));
  CHECK(from_name(std::string(107, 'x')) == local::endpoint::path(std::string(107, 'x')));
}

TEST_CASE("a path in a sockaddr that is longer than an endpoint can hold is truncated") {
  CHECK(from_name(std::string(108, 'x')).name() == std::string(107, 'x'));
}

TEST_CASE("an abstract name in a sockaddr includes all its bytes and all its NULs") {
  CHECK(from_name("\0a\0b\0"sv) == local::endpoint::abstract("a\0b\0"sv));
  CHECK(from_name("\0\xff\xfe"sv).name() == "\xff\xfe");
}

TEST_CASE("addresses without a name or of another family become the unnamed endpoint") {
  CHECK(from_name("").is_unnamed());
  sockaddr_in other{};
  other.sin_family = AF_INET;
  other.sin_port = 1234;
  CHECK(local::endpoint::from_sockaddr(&other, sizeof other).is_unnamed());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  for (auto const size : {std::size_t{0}, std::size_t{1}, head}) {
    INFO(size);
    CHECK(local::endpoint::from_sockaddr(&address, size).is_unnamed());
  }
}

TEST_CASE("an abstract address that consists of a NUL only is not mistaken for a path") {
  CHECK_FALSE(from_name("\0"sv).is_path());
}

TEST_CASE("a path may have up to 107 bytes") {
  CHECK(local::endpoint::path(std::string(107, 'x')).name().size() == 107);
  auto const longer = std::string(108, 'x');
  auto const message = "bad local endpoint \"" + longer + "\": the path is longer than 107 bytes";
  CHECK_THROWS_WITH(local::endpoint::path(longer), message);
  CHECK_THROWS_WITH(local::endpoint::parse(longer), message);
}

TEST_CASE("an abstract name may have up to 107 bytes") {
  CHECK(local::endpoint::abstract(std::string(107, 'x')).name().size() == 107);
  auto const longer = std::string(108, 'x');
  auto const message = "bad local endpoint \"@" + longer + "\": the abstract name is longer than 107 bytes";
  CHECK_THROWS_WITH(local::endpoint::abstract(longer), message);
  CHECK_THROWS_WITH(local::endpoint::parse("@" + longer), message);
}

TEST_CASE("an empty text is refused as a local endpoint") {
  CHECK_THROWS_WITH(local::endpoint::path(""), "bad local endpoint \"\": the path is empty");
  CHECK_THROWS_WITH(local::endpoint::parse(""), "bad local endpoint \"\": the path is empty");
  CHECK_THROWS_WITH(local::endpoint::abstract(""), "bad local endpoint \"@\": the abstract name is empty");
  CHECK_THROWS_WITH(local::endpoint::parse("@"), "bad local endpoint \"@\": the abstract name is empty");
}

TEST_CASE("a path with a NUL is refused") {
  CHECK_THROWS_WITH(local::endpoint::path("/run/a\0b"sv),
                    "bad local endpoint \"/run/a\\0b\": the path contains a NUL character");
  CHECK_THROWS_WITH(local::endpoint::path("/run/a\0"sv),
                    "bad local endpoint \"/run/a\\0\": the path contains a NUL character");
  CHECK_THROWS_WITH(local::endpoint::parse("\0name"sv),
                    "bad local endpoint \"\\0name\": the path contains a NUL character");
}

TEST_CASE("the error for a refused local endpoint is an invalid argument") {
  try {
    static_cast<void>(local::endpoint::parse(""));
    FAIL("nothing was thrown");
  } catch (error const& e) {
    CHECK(e.code() == std::errc::invalid_argument);
  }
}
