// inherited_sockets: sockets that the process inherited when it was started.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/net/local.hpp"
#include "strait/net/tcp.hpp"
#include "strait/net/udp.hpp"

namespace strait {

/// The sockets that a service manager opened and passed to this process: systemd's socket activation (sd_listen_fds(3):
/// LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES). Such a socket exists before the process starts and after it ends, so a
/// restart loses no connection: clients that connect in the meantime wait until the next process accepts them.
///
///     inherited_sockets inherited;
///     auto listeners = inherited.tcp_listeners();
///     if (listeners.empty()) listeners.push_back(tcp::listen("0.0.0.0:80"));
///
/// Create one at the beginning of `main`, before any other thread runs: it removes the variables from the environment,
/// so that child processes do not use the sockets. A second instance is empty.
class STRAIT_API inherited_sockets {
 public:
  /// Throws `error` if a variable has an invalid value, or names descriptors that are not open.
  inherited_sockets();
  /// Not copyable.
  inherited_sockets(inherited_sockets const&) = delete;
  /// Not copyable.
  inherited_sockets& operator=(inherited_sockets const&) = delete;
  /// Closes the sockets that have not been taken.
  ~inherited_sockets();

  /// The number of sockets that have not been taken.
  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }

  /// Takes the TCP listeners and transfers their ownership to the caller. With a name, only those with that name in the
  /// service manager's configuration (`FileDescriptorName=`). Throws `error`.
  [[nodiscard]] std::vector<tcp::listener> tcp_listeners(std::string_view name = {});
  /// The same for listeners of Unix-domain sockets.
  [[nodiscard]] std::vector<local::listener> local_listeners(std::string_view name = {});
  /// The same for UDP sockets.
  [[nodiscard]] std::vector<udp::socket> udp_sockets(std::string_view name = {});

 private:
  struct inherited {
    int descriptor;
    std::string name;
  };
  template <class Socket>
  std::vector<Socket> take(bool (*is_kind)(int descriptor), std::string_view name);

  std::vector<inherited> sockets_;
};

}  // namespace strait
