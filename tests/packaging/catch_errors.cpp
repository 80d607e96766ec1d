// The program of a consumer that is compiled with hidden visibility: catches by type what the library has thrown.
#include <strait/strait.hpp>

#include <cstdio>
#include <memory>

using namespace strait;

template <class Error, class Operation>
task<bool> throws(Operation operation) {
  try {
    co_await std::move(operation);
  } catch (Error const&) {
    co_return true;
  }
  co_return false;
}

task<bool> times_out(tcp::stream& stream) {
  char buffer[1];
  stream.idle_timeout(std::chrono::milliseconds(1));
  co_return co_await throws<timed_out>(stream.read(buffer));
}

task<bool> ends_too_soon(tcp::stream& stream) {
  char buffer[1];
  co_return co_await throws<unexpected_end>(stream.read_exactly(buffer));
}

task<bool> is_canceled(tcp::stream& stream) {
  bool caught = false;
  co_await with_task_group([&](task_group& group) -> task<> {
    group.cancel();
    char buffer[1];
    caught = co_await throws<canceled>(stream.read(buffer));
  });
  co_return caught;
}

task<bool> catch_all() {
  auto listener = tcp::listen("127.0.0.1:0");
  auto stream = co_await tcp::connect(listener.local_endpoint());
  auto peer = co_await listener.accept();
  if (!co_await times_out(stream) || !co_await is_canceled(stream)) co_return false;
  peer.close();
  co_return co_await ends_too_soon(stream);
}

int main() {
  try {
    std::puts(run(catch_all()) ? "echoed" : "an error is not caught by its type");
  } catch (error const& e) {
    std::puts(e.what());
  }
}
