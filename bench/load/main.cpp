// The load generator: sends messages to a server that echoes them, and prints the results as one line of JSON. There
// are two modes:
//
//   --seconds T    warm up for --warm-up seconds, then measure for T seconds, including the server's CPU time
//   --messages M   warm up with --warm-up messages, print "ready", wait for a line on standard input, send exactly M
//                  messages and wait for all replies; keep the connections open until the next line or the end of
//                  standard input. This allows another process to count events during the M messages.
//
// --traffic selects what is sent: tcp; lines (over TCP, an LF at the end of each message and nowhere else); udp; or
// udp_bursts (bursts of datagrams that the kernel segments).
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "generator.hpp"
#include "server_process.hpp"
#include "tcp_generator.hpp"
#include "udp_generator.hpp"

namespace {

class options {
 public:
  options(int argc, char** argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string const name = argv[i];
      if (values_.find(name) == values_.end() || i + 1 == argc)
        throw std::invalid_argument("unknown or incomplete option " + name);
      values_[name] = argv[i + 1];
    }
  }

  std::string const& text(std::string const& name) const { return values_.at(name); }
  double number(std::string const& name) const { return std::stod(values_.at(name)); }
  template <class Integer>
  Integer integer(std::string const& name) const {
    return static_cast<Integer>(std::stoll(values_.at(name)));
  }

 private:
  std::map<std::string, std::string> values_{{"--traffic", "tcp"},  {"--endpoint", ""}, {"--connections", "64"},
                                             {"--depth", "1"},      {"--size", "64"},   {"--seconds", "0"},
                                             {"--messages", "0"},   {"--warm-up", "0"}, {"--server-pid", "0"},
                                             {"--time-limit", "60"}};
};

std::uint64_t nanoseconds(double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); }

bool is_timed(options const& given) { return given.number("--seconds") > 0; }

std::unique_ptr<generator> make_generator(options const& given) {
  auto const& endpoint = given.text("--endpoint");
  generator::shape const shape{given.integer<std::size_t>("--connections"), given.integer<std::size_t>("--depth"),
                               given.integer<std::size_t>("--size")};
  // Counting slows the server down, and repeated datagrams would falsify the counts.
  auto const resend_after = nanoseconds(is_timed(given) ? 0.1 : 5);

  auto const& traffic = given.text("--traffic");
  if (traffic == "tcp") return std::make_unique<tcp_generator>(endpoint, shape, pattern());
  if (traffic == "lines")
    return std::make_unique<tcp_generator>(endpoint, shape, pattern::of_lines(shape.message_size));
  if (traffic == "udp")
    return std::make_unique<udp_generator>(endpoint, shape, udp_generator::pace::steady, resend_after);
  if (traffic == "udp_bursts")
    return std::make_unique<udp_generator>(endpoint, shape, udp_generator::pace::bursts, resend_after);
  throw std::invalid_argument("unknown traffic " + traffic);
}

void measure_for_a_time(generator& load, options const& given) {
  server_process const server(given.integer<pid_t>("--server-pid"));
  load.run_until(now_ns() + nanoseconds(given.number("--warm-up")));
  load.reset();

  auto const begin = now_ns();
  auto const cpu = server.cpu_ns();
  auto const waited = server.waited_ns();
  load.run_until(begin + nanoseconds(given.number("--seconds")));
  auto const cpu_ns = server.cpu_ns() - cpu;
  auto const end = now_ns();
  auto const waited_ns = server.waited_ns() - waited;
  auto const seen = load.seen();
  load.drain();

  std::printf(
      "{\"messages\": %llu, \"seconds\": %.6f, \"cpu_ns\": %llu, \"waited_ns\": %llu, \"p50_ns\": %llu, \"p99_ns\": "
      "%llu, \"lost\": %llu}\n",
      static_cast<unsigned long long>(seen.latencies.total()), static_cast<double>(end - begin) / 1e9,
      static_cast<unsigned long long>(cpu_ns), static_cast<unsigned long long>(waited_ns),
      static_cast<unsigned long long>(seen.latencies.quantile(.50)),
      static_cast<unsigned long long>(seen.latencies.quantile(.99)), static_cast<unsigned long long>(seen.lost));
}

void send_a_number(generator& load, options const& given) {
  std::string line;
  load.run_messages(given.integer<std::uint64_t>("--warm-up"));
  std::cout << "ready" << std::endl;
  std::getline(std::cin, line);
  load.reset();
  load.run_messages(given.integer<std::uint64_t>("--messages"));
  std::cout << "{\"messages\": " << load.seen().latencies.total() << "}" << std::endl;
  std::getline(std::cin, line);
}

}  // namespace

int main(int argc, char** argv) try {
  options const given(argc, argv);
  alarm(given.integer<unsigned>("--time-limit"));  // a server that stops answering must not stop the benchmark
  auto const load = make_generator(given);
  if (is_timed(given)) measure_for_a_time(*load, given);
  else send_a_number(*load, given);
} catch (std::exception const& error) {
  std::fprintf(stderr, "load: %s\n", error.what());
  return EXIT_FAILURE;
}
