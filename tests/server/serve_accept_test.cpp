// serve(): how it accepts connections, and which failures it survives.
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

#include "catch.hpp"
#include "net/faulty_system.hpp"
#include "sanitized.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

task<> echo_to_reference(tcp::stream& peer) { co_await echo(peer); }

/// Serves one client after `times` calls of `which` have failed with `trouble`.
server_statistics serve_after(system_call which, int trouble, int times) {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  return serve_during(std::move(listener), echo_to_reference, {}, [&]() -> task<> {
    failing const calls(which, trouble, times);
    auto client = connect_now(where);
    co_await check_echo(client, "hello");
    CHECK(failing::left() == 0);
  });
}

}  // namespace

TEST_CASE("fault 01: a server without descriptors survives, counts back-offs, and serves waiting clients later") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  server which;
  auto const statistics = complete([&]() -> task<server_statistics> {
    auto clients = [&]() -> task<> {
      auto before = connect_now(where);
      co_await check_echo(before, "before");
      std::vector<tcp::stream> waiting;
      std::optional<failing> starved(std::in_place, system_call::accept, EMFILE, 1'000'000);
      for (int i = 0; i != 5; ++i) waiting.push_back(connect_now(where));
      co_await eventually([&] { return which.statistics().accept_back_offs >= 3; });  // while there are no descriptors
      CHECK(which.statistics().accepted == 1);
      co_await check_echo(before, "meanwhile");
      starved.reset();
      for (auto& each : waiting) co_await check_echo(each, "after");
    };
    co_return co_await serve_beside(which, std::move(listener), echo_to_reference, clients);
  });
  CHECK(statistics.accepted == 6);
  CHECK(statistics.accept_back_offs >= 3);
}

TEST_CASE("fault 01: a server whose process has really used up its descriptors survives") {
  if (is_sanitized) return;  // sanitizers need some descriptors themselves
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  server which;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await turns(5);
      raw_socket client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      rlimit before{};
      ::getrlimit(RLIMIT_NOFILE, &before);
      rlimit lower = before;
      lower.rlim_cur = static_cast<rlim_t>(open_descriptors()) + 16;
      ::setrlimit(RLIMIT_NOFILE, &lower);
      std::vector<raw_socket> taken;
      for (int one; (one = ::dup(0)) >= 0;) taken.emplace_back(one);
      sockaddr_storage address;
      auto const length = static_cast<socklen_t>(where.to_sockaddr(&address));
      ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), length);
      co_await eventually([&] { return which.statistics().accept_back_offs >= 2; });
      taken.clear();
      ::setrlimit(RLIMIT_NOFILE, &before);
      tcp::stream server(client.release());
      co_await check_echo(server, "hello");
    };
    auto const statistics = co_await serve_beside(which, std::move(listener), echo_to_reference, clients);
    CHECK(statistics.accepted == 1);
  });
}

TEST_CASE("fault 02: a server waits when the system has run out of files, buffers or memory") {
  int const shortage = GENERATE(ENFILE, ENOBUFS, ENOMEM);
  auto const statistics = serve_after(system_call::accept, shortage, 2);
  CHECK(statistics.accept_back_offs == 2);
  CHECK(statistics.accepted == 1);
}

TEST_CASE("fault 03: connections that break or are refused before they are accepted are skipped") {
  int const trouble = GENERATE(ECONNABORTED, EPERM, ETIMEDOUT);
  auto const statistics = serve_after(system_call::accept, trouble, 3);
  CHECK(statistics.accepted == 1);
  CHECK(statistics.accept_back_offs == 0);
}

TEST_CASE("fault 03: connections that are reset before their handler starts do not affect others") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto const where = listener.local_endpoint();
  serve_options options;
  hook_recorder notes;
  notes.take_errors(options);
  for (int i = 0; i != 3; ++i) raw_connect(where).reset();
  auto const statistics = serve_during(std::move(listener), echo_to_reference, options, [&]() -> task<> {
    auto client = connect_now(where);
    co_await check_echo(client, "hello");
    client.shutdown_write();
    co_await check_rest(client, "");
  });
  CHECK(statistics.accepted == statistics.failed + statistics.served);
  CHECK(notes.errors.size() == statistics.failed);
  CHECK(statistics.served >= 1);
}

TEST_CASE("fault 04: a server retries interrupted accepts") {
  CHECK(serve_after(system_call::accept, EINTR, 5).accepted == 1);
}

TEST_CASE("fault 09: whenever a server is stopped, every connection is served or closed, and none leaks") {
  auto const descriptors = open_descriptors();
  for (int turns_before = 0; turns_before != 12; ++turns_before) {
    auto listener = tcp::listen("127.0.0.1:0");
    auto const where = listener.local_endpoint();
    std::vector<tcp::stream> clients;
    auto const statistics = serve_during(std::move(listener), echo_to_reference, {}, [&]() -> task<> {
      co_await turns(turns_before / 4);
      for (int i = 0; i != 3; ++i) {
        clients.push_back(connect_now(where));
        clients.back().shutdown_write();
      }
      co_await turns(turns_before % 4);
    });
    CHECK(statistics.accepted == 3);
    CHECK(statistics.served == 3);
    complete([&]() -> task<> {
      for (auto& each : clients) co_await check_rest(each, "");
    });
    clients.clear();
    CHECK(open_descriptors() == descriptors);
  }
}

TEST_CASE("a server that is stopped while it has no descriptors ends and resets waiting clients") {
  auto listener = tcp::listen("127.0.0.1:0");
  auto client = connect_now(listener.local_endpoint());
  failing const calls(system_call::accept, EMFILE, 1'000'000);
  server which;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> { co_await eventually([&] { return which.statistics().accept_back_offs >= 1; }); };
    auto const statistics = co_await serve_beside(which, std::move(listener), echo_to_reference, clients);
    CHECK(statistics.accepted == 0);
    co_await wait_for_the_end(client);
  });
}
