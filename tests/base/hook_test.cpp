// hook: what it keeps, and how it calls it.
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

TEST_CASE("a hook is empty until it is given something") {
  hook<void()> nothing;
  CHECK_FALSE(nothing);
  nothing = [] {};
  CHECK(nothing);
  nothing = {};
  CHECK_FALSE(nothing);
}

TEST_CASE("a hook calls a function or a lambda, and gives what that gives") {
  hook<int(int)> called = twice;
  CHECK(called(4) == 8);
  called = &twice;
  CHECK(called(5) == 10);
  called = [](int number) { return number + 1; };
  CHECK(called(4) == 5);
}

TEST_CASE("a hook keeps four pointers or numbers, by value or by reference") {
  int a = 1;
  long b = 2;
  std::array<int, 3> c{1, 2, 3};
  double const d = 4;
  hook<double()> sum = [&a, &b, &c, d] { return a + static_cast<double>(b) + c[2] + d; };
  CHECK(sum() == 10);
  a = 11;
  CHECK(sum() == 20);
}

TEST_CASE("a copy of a hook calls the same") {
  int calls = 0;
  hook<void()> const original = [&] { ++calls; };
  hook<void()> const copy = original;
  original();
  copy();
  CHECK(calls == 2);
}

TEST_CASE("arguments are passed on as they are") {
  hook<std::string const*(std::string const&)> const same = [](std::string const& text) { return &text; };
  std::string const text = "some text that is not copied on its way";
  CHECK(same(text) == &text);
  hook<int(std::unique_ptr<int>)> const take = [](std::unique_ptr<int> number) { return *number; };
  CHECK(take(std::make_unique<int>(7)) == 7);
}

TEST_CASE("what a lambda gives is converted") {
  hook<long()> const wider = [] { return 3; };
  CHECK(wider() == 3);
}

TEST_CASE("what a hook throws comes out of the call") {
  hook<void()> const thrower = [] { throw 42; };
  CHECK_THROWS_AS(thrower(), int);
}

TEST_CASE("hooks stand in the braces of an options argument") {
  int calls = 0;
  CHECK(use({.number = 4, .first = twice, .second = [&] { ++calls; }}) == 8);
  CHECK(use({.number = 4}) == -1);
  CHECK(calls == 1);
}

TEST_CASE("a hook is trivial to copy and to destroy") {
  CHECK(std::is_trivially_copyable_v<hook<int(int)>>);
  CHECK(std::is_trivially_destructible_v<hook<int(int)>>);
  CHECK(std::is_trivially_destructible_v<options>);
}

TEST_CASE("what cannot be called so is no hook") {
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, int (*)(char const*)>);
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, void (*)(int)>);
  CHECK_FALSE(std::is_constructible_v<hook<int(int)>, int>);
}

TEST_CASE("a hook that gives nothing takes a callable that gives something") {
  int calls = 0;
  hook<void()> const counting = [&calls] { return ++calls; };
  counting();
  CHECK(calls == 1);
}
