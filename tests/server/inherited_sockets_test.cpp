// inherited_sockets: which descriptors are adopted, refused, or left alone.
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "net/local_sockets.hpp"
#include "serving.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// The values of `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` for a process; null: not set. "self" stands for the
/// process's own id.
struct manager {
  char const* process = "self";
  char const* count = nullptr;
  char const* names = nullptr;
};

void set(char const* variable, char const* value) {
  if (value) ::setenv(variable, value, 1);
  else ::unsetenv(variable);
}

/// Runs `body` in a child process with these inherited sockets, and returns its result or the text of its exception.
template <class F>
std::string in_service(manager variables, std::vector<int> sockets, F body) {
  int answers[2];
  if (::pipe2(answers, O_CLOEXEC) != 0) fail_with_errno("pipe");
  auto const id = ::fork();
  if (id == 0) {
    std::string result;
    constexpr int out_of_the_way = 200;
    int const answer = ::fcntl(answers[1], F_DUPFD_CLOEXEC, out_of_the_way);
    for (int& each : sockets) each = ::fcntl(each, F_DUPFD_CLOEXEC, out_of_the_way);
    for (int i = 0; i != 20; ++i) ::close(3 + i);
    for (std::size_t i = 0; i != sockets.size(); ++i) {
      ::dup2(sockets[i], 3 + static_cast<int>(i));  // inheritable, as the service manager leaves them
      ::close(sockets[i]);
    }
    auto const self = std::to_string(::getpid());
    set("LISTEN_PID",
        variables.process && variables.process == std::string_view("self") ? self.c_str() : variables.process);
    set("LISTEN_FDS", variables.count);
    set("LISTEN_FDNAMES", variables.names);
    try {
      result = body();
    } catch (std::exception const& e) {
      result = e.what();
    }
    if (::write(answer, result.data(), result.size()) < 0) ::_exit(1);
    ::_exit(0);
  }
  ::close(answers[1]);
  raw_socket const from(answers[0]);
  std::string result;
  char part[256];
  for (ssize_t n; (n = ::read(from.get(), part, sizeof part)) > 0;) result.append(part, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(id, &status, 0);
  CHECK(status == 0);
  return result;
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

/// Returns the number of sockets of each kind.
std::string count_all() {
  inherited_sockets inherited;
  auto const tcp = inherited.tcp_listeners().size();
  auto const local = inherited.local_listeners().size();
  auto const udp = inherited.udp_sockets().size();
  return fmt::format("{} tcp, {} local, {} udp, {} left", tcp, local, udp, inherited.size());
}

}  // namespace

TEST_CASE("inherited sockets are taken by their kind") {
  auto const web = raw_listener();
  auto const service = local::listen(abstract_name());
  auto const name_server = udp::bind("127.0.0.1:0");
  std::vector const all{web.get(), service.native_handle(), name_server.native_handle(), web.get(), STDIN_FILENO};
  CHECK(in_service({.count = "5"}, all, count_all) == "2 tcp, 1 local, 1 udp, 1 left");
}

TEST_CASE("an inherited listener accepts clients that connected before the process started") {
  auto const listening = raw_listener();
  auto const client = raw_connect(listening.where());
  auto const result = in_service({.count = "1"}, {listening.get()}, [] {
    inherited_sockets inherited;
    auto const listeners = inherited.tcp_listeners();
    // With the system call, since ThreadSanitizer does not let a forked process run a loop.
    raw_socket const connection(::accept(listeners.at(0).native_handle(), nullptr, nullptr));
    connection.send("hello");
    return listeners.at(0).local_endpoint().to_string();
  });
  CHECK(result == listening.where().to_string());
  CHECK(client.receive_to_the_end() == "hello");
}

TEST_CASE("inherited sockets are taken by their names and those without a name only without one") {
  auto const one = raw_listener();
  auto const result = in_service({.count = "3", .names = "web:admin"}, {one.get(), one.get(), one.get()}, [] {
    inherited_sockets inherited;
    auto const none = inherited.tcp_listeners("mail").size();
    auto const other_kind = inherited.udp_sockets("web").size();
    auto const web = inherited.tcp_listeners("web").size();
    auto const again = inherited.tcp_listeners("web").size();
    auto const rest = inherited.tcp_listeners().size();
    return fmt::format("{} {} {} {} {}", none, other_kind, web, again, rest);
  });
  CHECK(result == "0 0 1 0 2");
}

TEST_CASE("nothing is inherited if the variables are missing or meant for another process") {
  auto const one = raw_listener();
  auto const look = [] {
    inherited_sockets const inherited;
    bool const removed = !std::getenv("LISTEN_PID") && !std::getenv("LISTEN_FDS") && !std::getenv("LISTEN_FDNAMES");
    return fmt::format("{}, {}, {}", inherited.size(), removed ? "removed" : "there", is_open(3) ? "open" : "closed");
  };
  CHECK(in_service({.process = nullptr, .count = "1"}, {one.get()}, look) == "0, removed, open");
  CHECK(in_service({.process = "1", .count = "1", .names = "web"}, {one.get()}, look) == "0, removed, open");
  CHECK(in_service({.count = nullptr}, {one.get()}, look) == "0, removed, open");
  CHECK(in_service({.count = "0"}, {one.get()}, look) == "0, removed, open");
  CHECK(in_service({.count = "1", .names = "web"}, {one.get()}, look) == "1, removed, open");
}

TEST_CASE("a second inherited_sockets object is empty") {
  auto const one = raw_listener();
  auto const result = in_service({.count = "1"}, {one.get()}, [] {
    inherited_sockets const first;
    inherited_sockets const second;
    return fmt::format("{} {}", first.size(), second.size());
  });
  CHECK(result == "1 0");
}

TEST_CASE("inherited sockets are close-on-exec and those that are not taken are closed") {
  auto const one = raw_listener();
  auto const result = in_service({.count = "2"}, {one.get(), STDIN_FILENO}, [] {
    std::vector<tcp::listener> taken;
    bool close_on_exec = false;
    {
      inherited_sockets inherited;
      close_on_exec = ::fcntl(3, F_GETFD) == FD_CLOEXEC && ::fcntl(4, F_GETFD) == FD_CLOEXEC;
      taken = inherited.tcp_listeners();
    }
    return fmt::format("{} {} {}", close_on_exec, is_open(3), is_open(4));
  });
  CHECK(result == "true true false");
}

TEST_CASE("a malformed variable is an error that names it") {
  auto const refused = [](manager variables) { return in_service(variables, {}, count_all); };
  CHECK(refused({.count = "many"}) == "inherit sockets: LISTEN_FDS=many: not a number");
  CHECK(refused({.count = ""}) == "inherit sockets: LISTEN_FDS=: not a number");
  CHECK(refused({.count = "-1"}) == "inherit sockets: LISTEN_FDS=-1: not a number");
  CHECK(refused({.count = "99999999999"}) == "inherit sockets: LISTEN_FDS=99999999999: not a number");
  CHECK(refused({.process = "me", .count = "1"}) == "inherit sockets: LISTEN_PID=me: not a number");
}

TEST_CASE("a missing descriptor is an error however large the announced count is") {
  auto const one = raw_listener();
  CHECK(in_service({.count = "2"}, {one.get()}, count_all) == "inherit descriptor 4: bad file descriptor");
  CHECK(in_service({.count = "2147483647"}, {one.get()}, count_all) == "inherit descriptor 4: bad file descriptor");
}
