// short_function_name: the names of functions as g++ and clang write them, made readable.
#include "core/task_location.hpp"

#include "catch.hpp"

using strait::detail::short_function_name;

TEST_CASE("the short name of a function has no return type and no parameters") {
  CHECK(short_function_name("void echo(echo(strait::tcp::stream)::_Z4echoN6strait3tcp6streamE.Frame*)") == "echo");
  CHECK(short_function_name("task<> echo(tcp::stream)") == "echo");
  CHECK(short_function_name("strait::task<std::map<std::string, std::vector<int>>> find(std::function<int (int)>)") ==
        "find");
  CHECK(short_function_name("task<> call(int (&)[3], const char *const (*)(int))") == "call");
  CHECK(short_function_name("int main(int, char **)") == "main");
}

TEST_CASE("the short name of a member function has the names of its class and namespaces") {
  CHECK(short_function_name("void app::session::run(app::session::run(int) const::_ZNK3app7session3runEi.Frame*)") ==
        "app::session::run");
  CHECK(short_function_name("virtual task<> app::session::run(int) const") == "app::session::run");
  CHECK(short_function_name("static task<> app::session::make() &&") == "app::session::make");
}

TEST_CASE("the short name of a function omits unnamed namespaces") {
  CHECK(short_function_name("void {anonymous}::echo(echo(int)::_ZN12_GLOBAL__N_14echoEi.Frame*)") == "echo");
  CHECK(short_function_name("task<> (anonymous namespace)::echo(int)") == "echo");
}

TEST_CASE("the short name of a function omits template arguments") {
  CHECK(short_function_name("void app::box<std::__cxx11::basic_string<char> >::put(app::box<std::__cxx11::basic_string"
                            "<char> >::put<int>(int)::_ZN3app3boxINSt7__cxx1112basic_stringIcE3putIiEET_.Frame*)") ==
        "app::box::put");
  CHECK(
      short_function_name("task<> app::box<std::basic_string<char>>::put(U) [T = std::basic_string<char>, U = int]") ==
      "app::box::put");
  CHECK(short_function_name("task<T> generic(const T &) [T = ns::type, N = 3]") == "generic");
  CHECK(short_function_name("task<> box<(1 > 0)>::put()") == "box::put");
  CHECK(short_function_name("task<> box<auto (int) -> int>::put()") == "box::put");
}

TEST_CASE("the short name of a lambda is the function around it") {
  CHECK(short_function_name("void serve_forever()::<lambda(strait::task_group&)>::operator()(serve_forever()::<lambda("
                            "strait::task_group&)>::_ZZ13serve_forevervENKUlRN6strait10task_groupEE_clES1_.Frame*)") ==
        "lambda in serve_forever");
  CHECK(short_function_name("auto serve_forever()::(anonymous class)::operator()(task_group &) const") ==
        "lambda in serve_forever");
  CHECK(
      short_function_name("void app::session::run() &&::<lambda(int)>::operator()(app::session::run() &&::<lambda(int)"
                          ">::_ZZNO3app7session3runEvENKUliE_clEi.Frame*)") == "lambda in app::session::run");
}

TEST_CASE("the short name of a lambda in a lambda is the function around both") {
  CHECK(short_function_name("void f(f()::_Z1fv.Frame*)::<lambda(int&)>::operator()(f(f()::_Z1fv.Frame*)::<lambda(int&)>"
                            "::_ZZ1fvENKUlRiE_clES_.Frame*)::<lambda(auto:15 ...)>::operator()(f(f()::_Z1fv.Frame*)::"
                            "<lambda(int&)>::operator()()::<lambda(auto:15 ...)>::_ZZZ1fvENKUlRiE_clES_E.Frame*)") ==
        "lambda in f");
  CHECK(short_function_name("auto f()::(anonymous class)::operator()(int &)::(anonymous class)::operator()(auto...) "
                            "const [x:auto = <int, int>]") == "lambda in f");
}

TEST_CASE("a lambda outside of functions is named as such") {
  CHECK(short_function_name("void<lambda(int)>::operator()(<lambda(int)>::_ZNK3funMUliE_clEi.Frame*)") == "lambda");
  CHECK(short_function_name("auto (anonymous class)::operator()(int) const") == "lambda");
}

TEST_CASE("the short name of a function of a local class has the name of the function around it") {
  CHECK(short_function_name("void f(int)::local::run(f(int)::local::run()::_ZZ1fiEN5local3runEv.Frame*)") ==
        "f::local::run");
  CHECK(short_function_name("auto f(int)::(anonymous class)::operator()() const::local::run()") == "f::local::run");
}

TEST_CASE("the short name of an operator is complete") {
  CHECK(short_function_name("task<> app::session::operator()(tcp::stream)") == "app::session::operator()");
  CHECK(short_function_name("void app::session::operator<(app::session::operator<(int)::_ZN3app7sessionltEi.Frame*)") ==
        "app::session::operator<");
  CHECK(short_function_name("task<> app::session::operator co_await()") == "app::session::operator co_await");
}

TEST_CASE("a name in an unknown form stays as it is") {
  CHECK(short_function_name("(?)") == "(?)");
  CHECK(short_function_name("").empty());
}
