// Errors: their messages, and which handlers catch them.
#include <cctype>
#include <cerrno>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

#include <strait/base/error.hpp>

#include "catch.hpp"

using namespace strait;

namespace {

std::error_code system_code(int number) { return {number, std::generic_category()}; }

// Neither a std::exception nor a type of this library.
struct foreign {};

std::exception_ptr pointer_to(auto exception) { return std::make_exception_ptr(std::move(exception)); }

multiple_errors two_errors() {
  std::vector<std::exception_ptr> const both{pointer_to(std::runtime_error("the first")),
                                             pointer_to(std::out_of_range("the second"))};
  return multiple_errors(both.data(), both.size());
}

}  // namespace

TEST_CASE("an error message names the operation and then the system's reason in lower case") {
  error const refused(system_code(ECONNREFUSED), "connect to 127.0.0.1:5000");
  CHECK(std::string(refused.what()) == "connect to 127.0.0.1:5000: connection refused");
  CHECK(refused.code() == std::errc::connection_refused);
}

TEST_CASE("the reasons of all system errors begin in lower case unless the first word is an acronym") {
  for (int number = 1; number != 134; ++number) {
    std::string const message = system_code(number).message();
    std::string const reason = std::string(error(system_code(number), "x").what()).substr(3);
    CAPTURE(number, message, reason);
    CHECK(reason.size() == message.size());
    CHECK(reason.substr(1) == message.substr(1));
    bool const acronym = std::isupper(static_cast<unsigned char>(message[1])) != 0;
    CHECK((std::isupper(static_cast<unsigned char>(reason[0])) != 0) == acronym);
  }
}

TEST_CASE("an acronym at the beginning of a reason stays in upper case") {
  CHECK(std::string(error(system_code(EXDEV), "x").what()) == "x: invalid cross-device link");
  struct : std::error_category {
    char const* name() const noexcept override { return "test"; }
    std::string message(int) const override { return "TLS alert"; }
  } const category;
  CHECK(std::string(error({1, category}, "handshake").what()) == "handshake: TLS alert");
}

TEST_CASE("an error with a reason of its own reports that reason instead of the text of its code") {
  error const unknown(errc::host_not_found, "resolve nowhere.invalid", "Name or service not known");
  CHECK(std::string(unknown.what()) == "resolve nowhere.invalid: Name or service not known");
  CHECK(unknown.code() == errc::host_not_found);
}

TEST_CASE("an error's text survives copying and rethrowing") {
  error const original(system_code(EPIPE), "write to 127.0.0.1:5000", 17);
  error const copy = original;
  CHECK(std::string(copy.what()) == "write to 127.0.0.1:5000: broken pipe");
  CHECK(copy.transferred() == 17);
}

TEST_CASE("an error can be caught as std::system_error and as std::exception") {
  STATIC_REQUIRE(std::is_convertible_v<error*, std::system_error*>);
  STATIC_REQUIRE(std::is_convertible_v<timed_out*, error*>);
  STATIC_REQUIRE(std::is_convertible_v<unexpected_end*, error*>);
  STATIC_REQUIRE(std::is_convertible_v<multiple_errors*, std::exception*>);
}

TEST_CASE("errors are nothrow copyable as the standard requires of exceptions") {
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<error>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<multiple_errors>);
  STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<canceled>);
}

TEST_CASE("an error reports how many bytes were transferred") {
  CHECK(error(system_code(EPIPE), "write", 1234).transferred() == 1234);
  CHECK(error(system_code(EPIPE), "write").transferred() == 0);
  CHECK(timed_out("write", 5).transferred() == 5);
  CHECK(canceled(6).transferred() == 6);
  CHECK(canceled().transferred() == 0);
}

TEST_CASE("timed_out compares equal to the standard's timed_out") {
  timed_out const late("read from 127.0.0.1:5000");
  CHECK(late.code() == std::errc::timed_out);
  CHECK(late.code() == errc::timed_out);
  CHECK(late.code() != errc::closed);
  CHECK(std::string(late.what()) == "read from 127.0.0.1:5000: timed out");
}

TEST_CASE("unexpected_end reports how many bytes were received and expected") {
  unexpected_end const end("read from 127.0.0.1:5000", 3, 8);
  CHECK(end.received() == 3);
  CHECK(end.expected() == 8);
  CHECK(end.transferred() == 3);
  CHECK(end.code() == errc::unexpected_end);
  CHECK(std::string(end.what()) == "read from 127.0.0.1:5000: unexpected end of stream after 3 of 8 bytes");
}

TEST_CASE("each of strait's error conditions has a message") {
  CHECK(make_error_code(errc::unexpected_end).message() == "unexpected end of stream");
  CHECK(make_error_code(errc::timed_out).message() == "timed out");
  CHECK(make_error_code(errc::host_not_found).message() == "host not found");
  CHECK(make_error_code(errc::closed).message() == "closed on this side");
  CHECK(std::string(strait_category().name()) == "strait");
}

TEST_CASE("a number that is not one of strait's error conditions has a message") {
  CHECK(std::error_code(999, strait_category()).message() == "unknown error");
}

TEST_CASE("canceled is not caught by a handler of std::exception") {
  STATIC_REQUIRE_FALSE(std::is_base_of_v<std::exception, canceled>);
  bool passed = false;
  try {
    try {
      throw canceled();
    } catch (std::exception const&) {}
  } catch (canceled const&) {
    passed = true;
  }
  CHECK(passed);
}

TEST_CASE("multiple_errors lists the exceptions in the order in which they occurred") {
  multiple_errors const both = two_errors();
  CHECK(std::string(both.what()) == "2 errors: the first; the second");
  CHECK(both.size() == 2);
  CHECK_THROWS_AS(std::rethrow_exception(both[0]), std::runtime_error);
  CHECK_THROWS_AS(std::rethrow_exception(both[1]), std::out_of_range);
}

TEST_CASE("multiple_errors keeps all exceptions but lists only the first few in its message") {
  std::vector<std::exception_ptr> const many(1'000, pointer_to(std::runtime_error("again")));
  multiple_errors const all(many.data(), many.size());
  CHECK(all.size() == 1'000);
  std::string const text = all.what();
  CHECK_THAT(text, Catch::Matchers::StartsWith("1000 errors: again; again; "));
  CHECK_THAT(text, Catch::Matchers::EndsWith("; and 992 more"));
}

TEST_CASE("a copy of multiple_errors outlives the original") {
  auto original = std::make_unique<multiple_errors>(two_errors());
  multiple_errors const copy = *original;
  original.reset();
  CHECK(copy.size() == 2);
  CHECK(describe(copy[1]) == "the second");
  CHECK(std::string(copy.what()) == "2 errors: the first; the second");
}

TEST_CASE("describe returns what() of a standard exception") {
  CHECK(describe(pointer_to(std::runtime_error("out of luck"))) == "out of luck");
}

TEST_CASE("describe returns the text of multiple_errors and of nested ones") {
  std::vector<std::exception_ptr> const nested{pointer_to(two_errors()), pointer_to(canceled())};
  CHECK(describe(pointer_to(multiple_errors(nested.data(), 2))) ==
        "2 errors: 2 errors: the first; the second; canceled");
}

TEST_CASE("describe describes a cancellation as canceled") { CHECK(describe(pointer_to(canceled())) == "canceled"); }

TEST_CASE("describe returns the type name of an exception that is not derived from std::exception") {
  CHECK(describe(pointer_to(42)) == "exception of type int");
  CHECK_THAT(describe(pointer_to(foreign())), Catch::Matchers::ContainsSubstring("foreign"));
}

TEST_CASE("describe accepts a null exception pointer") { CHECK(describe(nullptr) == "no error"); }
