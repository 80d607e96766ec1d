// inherited_sockets: sockets that the process was started with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "strait/base/export.hpp"
#include "strait/net/local.hpp"
#include "strait/net/tcp.hpp"
#include "strait/net/udp.hpp"

namespace strait {

/// The sockets that a service manager has opened and passed on: systemd's socket activation (sd_listen_fds(3):
/// LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES). Since such a socket is there before the process and after it, a restart
/// loses no connection: those who connect meanwhile wait for the next process to accept them.
///
///     inherited_sockets inherited;
///     auto listeners = inherited.tcp_listeners();
///     if (listeners.empty()) listeners.push_back(tcp::listen("0.0.0.0:80"));
///
/// Make one at the beginning of `main`: it changes the environment, so that programs started from here do not take the
/// sockets for theirs, and that must not happen beside other threads. A second one is empty.
class STRAIT_API inherited_sockets {
 public:
  /// Throws `error` if the variables make no sense, or speak of descriptors that are not there.
  inherited_sockets();
  inherited_sockets(inherited_sockets const&) = delete;
  inherited_sockets& operator=(inherited_sockets const&) = delete;
  /// Closes what has not been taken.
  ~inherited_sockets();

  /// How many have not been taken.
  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }

  /// Takes those of this kind; with a name, those that the manager calls so (`FileDescriptorName=`). Throws `error`.
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
