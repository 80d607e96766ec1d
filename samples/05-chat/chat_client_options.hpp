// The command line of chat_client.
#pragma once

#include <cstdint>
#include <string>

#include "protocol.hpp"

struct chat_client_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 5000;
  std::string room{lobby};
  std::string nick;

  /// Parses the command line. Exits after --help, --version and usage errors.
  [[nodiscard]] static chat_client_options read(int argc, char** argv);
};
