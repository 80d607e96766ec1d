// expect: run_main takes a task<>, or a task<int> whose value is the exit status. For a server, pass a callable
#include <strait/strait.hpp>

using namespace strait;
task<> echo(tcp::stream& peer);
int main() { return run_main(serve(tcp::listen("localhost:5000"), echo)); }
