// Operations that complete without waiting, from a buffer or on a closed stream, let other tasks run.
#include <string>

#include <strait/core/as_result.hpp>
#include <strait/io/buffered_reader.hpp>
#include <strait/io/buffered_writer.hpp>
#include <strait/io/duplex.hpp>

#include "catch.hpp"
#include "core/rounds.hpp"

using namespace strait;
using namespace strait::test;

TEST_CASE("reading lines from a reader's buffer lets other tasks run") {
  auto [client, server] = duplex();
  buffered_reader in(server);
  std::string const lines(20'000, '\n');
  run([&peer = client, &in, &lines]() -> task<> {
    auto body = [&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> { co_await peer.write(lines); });
      co_await in.peek(10'000);
      group.cancel();
    };
    co_await with_task_group(body);
  });
  CHECK(in.buffered().size() >= 10'000);
  CHECK(rounds_beside_another_task([&] { return in.read_line(); }) < enough);
}

TEST_CASE("writing into a writer's buffer lets other tasks run") {
  auto [client, server] = duplex();
  buffered_writer out(client);
  CHECK(rounds_beside_another_task([&] { return out.write(std::string_view()); }) < enough);
  CHECK(rounds_beside_another_task([&] { return out.flush(); }) < enough);
}

TEST_CASE("buffered reads that are canceled let other tasks run") {
  auto [client, server] = duplex();
  buffered_reader in(server);
  CHECK(rounds_beside_another_task([&] { return in.read_line(); }, true) < enough);
}

TEST_CASE("operations on a closed duplex let other tasks run") {
  auto [client, server] = duplex();
  char byte[1];
  CHECK(rounds_beside_another_task([&, &from = server] { return from.read(byte); }, true) < enough);
  CHECK(rounds_beside_another_task([&, &from = server] { return from.read(mutable_buffer(byte, 0)); }) < enough);
  server.close();
  CHECK(rounds_beside_another_task([&, &from = server] { return as_result(from.read(byte)); }) < enough);
}
