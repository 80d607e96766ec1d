// hook: which callables it stores and how it calls them.
#include <array>
#include <memory>
#include <string>
#include <type_traits>

#include <strait/base/hook.hpp>

#include "catch.hpp"

using strait::hook;

namespace {

int twice(int number) { return 2 * number; }

struct options {
  int number = 0;
  hook<int(int)> first = {};
  hook<void()> second = {};
};

int use(options given) {
  if (given.second) given.second();
  return given.first ? given.first(given.number) : -1;
}

}  // namespace

TEST_CASE("a hook is empty until a callable is assigned") {
  hook<void()> nothing;
  CHECK_FALSE(nothing);
  nothing = [] {};
  CHECK(nothing);
  nothing = {};
  CHECK_FALSE(nothing);
}

TEST_CASE("a hook calls a function or a lambda and returns its result") {
  hook<int(int)> called = twice;
  CHECK(called(4) == 8);
  called = &twice;
  CHECK(called(5) == 10);
  called = [](int number) { return number + 1; };
  CHECK(called(4) == 5);
}

TEST_CASE("a hook stores a lambda that captures up to four pointers or numbers") {
  int a = 1;
  long b = 2;
  std::array<int, 3> c{1, 2, 3};
  double const d = 4;
  hook<double()> sum = [&a, &b, &c, d] { return a + static_cast<double>(b) + c[2] + d; };
  CHECK(sum() == 10);
  a = 11;
  CHECK(sum() == 20);
}

TEST_CASE("a copy of a hook calls the same callable") {
  int calls = 0;
  hook<void()> const original = [&] { ++calls; };
  hook<void()> const copy = original;
  original();
  copy();
  CHECK(calls == 2);
}

TEST_CASE("a hook forwards its arguments without copying them") {
  hook<std::string const*(std::string const&)> const same = [](std::string const& text) { return &text; };
  std::string const text = "some text that is not copied on its way";
  CHECK(same(text) == &text);
  hook<int(std::unique_ptr<int>)> const take = [](std::unique_ptr<int> number) { return *number; };
  CHECK(take(std::make_unique<int>(7)) == 7);
}

TEST_CASE("a hook converts the result of its callable to its own return type") {
  hook<long()> const wider = [] { return 3; };
  CHECK(wider() == 3);
}

TEST_CASE("an exception thrown by the callable leaves the call of the hook") {
  hook<void()> const thrower = [] { throw 42; };
  CHECK_THROWS_AS(thrower(), int);
}

TEST_CASE("hooks can be initialised in the braces of an options argument") {
  int calls = 0;
  CHECK(use({.number = 4, .first = twice, .second = [&] { ++calls; }}) == 8);
  CHECK(use({.number = 4}) == -1);
  CHECK(calls == 1);
}

TEST_CASE("a hook is trivially copyable and trivially destructible") {
  CHECK(std::is_trivially_copyable_v<hook<int(int)>>);
  CHECK(std::is_trivially_destructible_v<hook<int(int)>>);
  CHECK(std::is_trivially_destructible_v<options>);
}

TEST_CASE("a hook cannot be made from something that is not callable with its signature") {
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, int (*)(char const*)>);
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, void (*)(int)>);
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, int>);
}

TEST_CASE("a hook that returns void accepts a callable that returns a value") {
  int calls = 0;
  hook<void()> const counting = [&calls] { return ++calls; };
  counting();
  CHECK(calls == 1);
}
