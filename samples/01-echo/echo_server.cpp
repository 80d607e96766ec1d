// echo_server: sends back what its clients send; serves any number of clients concurrently.
#include <strait/strait.hpp>

#include <span>

#include "options/server_options.hpp"
#include "serving/stream_server.hpp"

using namespace strait;

namespace {

task<> echo(tcp::stream& client) {
  char buffer[8192];
  while (auto n = co_await client.read(buffer))   // 0: the client has finished sending
    co_await client.write(std::span(buffer, n));  // writes all n bytes, however slowly the client reads
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = samples::read_server_options(argc, argv, "Sends back what its clients send.");
  return samples::run_stream_server("echo_server", options, echo);
}
