// result: a value, or an error instead of it.
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <strait/base/result.hpp>

#include "catch.hpp"

using namespace strait;

namespace {

template <class T, class Exception>
result<T> failed_with(Exception const& exception) {
  return {exception.code(), std::make_exception_ptr(exception)};
}

// Counts how many instances exist.
class counted {
 public:
  explicit counted(int& alive) : alive_(&alive) { ++*alive_; }
  counted(counted const& other) : alive_(other.alive_) { ++*alive_; }
  counted& operator=(counted const&) = delete;
  ~counted() { --*alive_; }

 private:
  int* alive_;
};

struct throws_when_moved : counted {
  using counted::counted;
  throws_when_moved(throws_when_moved const&) = default;
  throws_when_moved(throws_when_moved&& other) : counted(other), moves_left(other.moves_left - 1) {
    if (moves_left < 0) throw std::runtime_error("this one cannot be moved");
  }
  int moves_left = 100;
};

}  // namespace

TEST_CASE("a result that holds a value returns it") {
  result<int> answer = 42;
  CHECK(answer.has_value());
  CHECK(static_cast<bool>(answer));
  CHECK(*answer == 42);
  CHECK(answer.value() == 42);
  CHECK(std::move(answer).value() == 42);
}

TEST_CASE("a result that holds a value has no error") {
  result<int> const answer = 42;
  CHECK_FALSE(answer.error());
  CHECK(answer.message().empty());
  CHECK(answer.exception() == nullptr);
}

TEST_CASE("a result that holds an error has its code and its message") {
  result<int> const failure = failed_with<int>(timed_out("read from 127.0.0.1:5000"));
  CHECK_FALSE(failure.has_value());
  CHECK_FALSE(static_cast<bool>(failure));
  CHECK(failure.error() == std::errc::timed_out);
  CHECK(failure.message() == "read from 127.0.0.1:5000: timed out");
}

TEST_CASE("value() of a failed result throws the error with its exact type") {
  result<std::string> failure = failed_with<std::string>(unexpected_end("read", 3, 8));
  CHECK_THROWS_AS(failure.value(), unexpected_end);
  try {
    (void)std::move(failure).value();
    FAIL("value() did not throw");
  } catch (unexpected_end const& end) {
    CHECK(end.received() == 3);
    CHECK(end.expected() == 8);
  }
}

TEST_CASE("a const result can be read") {
  result<std::string> const word = std::string("word");
  CHECK(*word == "word");
  CHECK(word->size() == 4);
  CHECK(word.value() == "word");
  result<std::string> const failure = failed_with<std::string>(timed_out("read"));
  CHECK_THROWS_AS(failure.value(), timed_out);
}

TEST_CASE("a result<void> reports success or failure") {
  result<void> done;
  CHECK(done.has_value());
  CHECK_NOTHROW(done.value());
  result<void> failure = failed_with<void>(timed_out("connect"));
  CHECK_FALSE(failure.has_value());
  CHECK_THROWS_AS(failure.value(), timed_out);
  CHECK_THROWS_AS(std::move(failure).value(), timed_out);
}

TEST_CASE("a result can hold a move-only value") {
  result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
  result<std::unique_ptr<int>> moved = std::move(owner);
  CHECK(**moved == 7);
  std::unique_ptr<int> const taken = std::move(moved).value();
  CHECK(*taken == 7);
}

TEST_CASE("the value of a result can be modified in place") {
  result<std::string> word = std::string("word");
  word->push_back('s');
  *word += '!';
  word.value() += '!';
  CHECK(*word == "words!!");
}

TEST_CASE("a copy of a result has the same value or error") {
  result<std::string> const word = std::string("a word too long for the small string buffer");
  result<std::string> copy = word;
  CHECK(*copy == *word);
  result<std::string> const failure = failed_with<std::string>(timed_out("read"));
  result<std::string> failed_copy = failure;
  CHECK(failed_copy.message() == "read: timed out");
  CHECK_THROWS_AS(failed_copy.value(), timed_out);
}

TEST_CASE("assignment replaces a value with an error and an error with a value") {
  result<std::string> outcome = std::string("value");
  outcome = failed_with<std::string>(timed_out("read"));
  CHECK_FALSE(outcome.has_value());
  outcome = std::string("again");
  CHECK(*outcome == "again");
  outcome = result<std::string>(outcome);
  CHECK(*outcome == "again");
  CHECK_FALSE(outcome.error());
}

TEST_CASE("a result destroys its value exactly once") {
  int alive = 0;
  {
    result<counted> first{counted(alive)};
    result<counted> second = first;
    CHECK(alive == 2);
    second = failed_with<counted>(timed_out("read"));
    CHECK(alive == 1);
    second = std::move(first);
  }
  CHECK(alive == 0);
}

TEST_CASE("an assignment whose move throws destroys the old value once and holds the exception instead") {
  int alive = 0;
  {
    throws_when_moved value(alive);
    result<throws_when_moved> first{std::move(value)};
    result<throws_when_moved> second = first;
    CHECK(alive == 3);
    second->moves_left = 1;  // the move into the parameter succeeds, the next one throws
    CHECK_THROWS_AS(first = std::move(second), std::runtime_error);
    CHECK_FALSE(first.has_value());
    CHECK(first.error() == std::errc::state_not_recoverable);
    CHECK_THROWS_AS(first.value(), std::runtime_error);
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
}

TEST_CASE("an assignment to a failed result whose move throws holds the new exception") {
  int alive = 0;
  throws_when_moved value(alive);
  result<throws_when_moved> first = failed_with<throws_when_moved>(timed_out("read"));
  result<throws_when_moved> second{std::move(value)};
  second->moves_left = 1;
  CHECK_THROWS_AS(first = std::move(second), std::runtime_error);
  CHECK_FALSE(first.has_value());
  CHECK_THROWS_AS(first.value(), std::runtime_error);
}
