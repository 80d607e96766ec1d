// Replaces the C library's name functions in this program. Calls for which no test has defined an answer are passed on
// to the C library.
#include "faulty_names.hpp"

#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include <dlfcn.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>

#include "slow_resolver.hpp"

namespace strait::test {
namespace {

std::mutex mutex;
std::string host_name;
std::vector<endpoint> host_addresses;
std::string interface_name;
unsigned interface_index = 0;
std::atomic<int> lookups = 0;

template <class Function>
Function* c_library(char const* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::vector<endpoint> addresses_of(char const* host) {
  std::lock_guard const lock(mutex);
  return host && host == host_name ? host_addresses : std::vector<endpoint>();
}

int look_up(char const* host, char const* service, addrinfo const* hints, addrinfo** found) {
  return c_library<decltype(::getaddrinfo)>("getaddrinfo")(host, service, hints, found);
}

}  // namespace

known_host::known_host(std::string name, std::vector<endpoint> addresses) {
  std::lock_guard const lock(mutex);
  host_name = std::move(name);
  host_addresses = std::move(addresses);
}
known_host::~known_host() {
  std::lock_guard const lock(mutex);
  host_name.clear();
}

int lookups_made() noexcept { return lookups; }

known_interface::known_interface(std::string name, unsigned index) {
  std::lock_guard const lock(mutex);
  interface_name = std::move(name);
  interface_index = index;
}
known_interface::~known_interface() {
  std::lock_guard const lock(mutex);
  interface_index = 0;
}

}  // namespace strait::test

using namespace strait::test;

extern "C" {

int getaddrinfo(char const* host, char const* service, addrinfo const* hints, addrinfo** found) {
  ++lookups;
  slow_resolver::pass_gate();
  auto const addresses = addresses_of(host);
  if (addresses.empty()) return look_up(host, service, hints, found);
  *found = nullptr;
  addrinfo** end = found;
  for (auto const& each : addresses) {  // in the form of the C library's lists, so that it can free them
    int const code = look_up(each.address().c_str(), std::to_string(each.port()).c_str(), hints, end);
    if (code != 0) return code;
    while (*end) end = &(*end)->ai_next;
  }
  return 0;
}

unsigned if_nametoindex(char const* name) noexcept {
  {
    std::lock_guard const lock(mutex);
    if (interface_index != 0 && name == interface_name) return interface_index;
  }
  return c_library<decltype(::if_nametoindex)>("if_nametoindex")(name);
}

char* if_indextoname(unsigned index, char* name) noexcept {
  {
    std::lock_guard const lock(mutex);
    if (interface_index != 0 && index == interface_index) return std::strcpy(name, interface_name.c_str());
  }
  return c_library<decltype(::if_indextoname)>("if_indextoname")(index, name);
}
}
