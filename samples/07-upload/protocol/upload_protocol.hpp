// The messages of the upload protocol (docs/upload-protocol.md) and their encoding. Does no I/O.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/digest.hpp"
#include "strait/io/framing.hpp"

namespace samples::upload {

inline constexpr std::uint16_t version = 1;
/// The first bytes that each side sends.
inline constexpr std::string_view greeting = "STRAITUP";
/// The maximum size of a message, without its size field and without the file bytes that follow `data`.
inline constexpr std::size_t max_message_size = 8192;
/// The framing of the messages after the greeting.
inline constexpr auto framing = strait::frame_format::prefixed(strait::length_prefix::u32_be, max_message_size);
/// The smallest allowed data limit of a server.
inline constexpr std::uint32_t min_data_limit = 4096;
inline constexpr std::uint64_t no_size_limit = UINT64_MAX;
/// How often `alive` is sent while the other side waits.
inline constexpr std::chrono::seconds alive_interval(5);
/// The beginning of the text of a `failure` that is caused by a shutdown of the server. The client may try again.
inline constexpr std::string_view shutdown_text = "the server is shutting down";

/// The peer has violated the protocol: "offer: 3 bytes are missing".
class protocol_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class file_kind : std::uint8_t { regular = 0, executable = 1, directory = 2 };

/// Later versions of the protocol may add codes.
enum class verdict_code : std::uint8_t {
  stored = 0,
  already_there = 1,
  bad_name = 16,
  exists = 17,
  too_large = 18,
  no_space = 19,
  cannot_store = 20,
  wrong_contents = 21,
  taken_over = 22
};

/// Whether the server has the file with the offered contents.
[[nodiscard]] constexpr bool is_stored(verdict_code code) noexcept { return static_cast<std::uint8_t>(code) < 16; }
/// Returns the name in the document, such as "already there", or "verdict 99" for an unknown code.
[[nodiscard]] std::string to_string(verdict_code code);

struct hello_of_client {
  std::uint16_t version = upload::version;
  friend bool operator==(hello_of_client const&, hello_of_client const&) = default;
};
struct offer {
  std::uint32_t id = 0;
  file_kind kind = file_kind::regular;
  std::uint64_t size = 0;
  upload::digest digest{};
  std::string name;  ///< unchecked: see check_name
  friend bool operator==(offer const&, offer const&) = default;
};
/// Followed by `count` bytes of the file.
struct data {
  std::uint32_t id = 0;
  std::uint64_t offset = 0;
  std::uint32_t count = 0;
  friend bool operator==(data const&, data const&) = default;
};
struct withdraw {
  std::uint32_t id = 0;
  std::string reason;
  friend bool operator==(withdraw const&, withdraw const&) = default;
};
/// Sent by both sides.
struct end {
  friend bool operator==(end const&, end const&) = default;
};

/// Sent by both sides while the other one has to wait.
struct alive {
  friend bool operator==(alive const&, alive const&) = default;
};

struct hello_of_server {
  std::uint16_t version = upload::version;
  std::uint16_t window = 1;
  std::uint32_t data_limit = min_data_limit;
  std::uint64_t size_limit = no_size_limit;
  friend bool operator==(hello_of_server const&, hello_of_server const&) = default;
};
struct want {
  std::uint32_t id = 0;
  std::uint64_t offset = 0;
  friend bool operator==(want const&, want const&) = default;
};
struct verdict {
  std::uint32_t id = 0;
  verdict_code code = verdict_code::stored;
  std::string text;
  friend bool operator==(verdict const&, verdict const&) = default;
};
struct failure {
  std::string text;
  friend bool operator==(failure const&, failure const&) = default;
};

using client_message = std::variant<hello_of_client, offer, data, withdraw, end, alive>;
using server_message = std::variant<hello_of_server, want, verdict, failure, end, alive>;

/// Appends the message, without its size field, to `into`. A text that is too long is truncated; a name is not.
void encode(std::string& into, hello_of_client const& message);
void encode(std::string& into, offer const& message);
void encode(std::string& into, data const& message);
void encode(std::string& into, withdraw const& message);
void encode(std::string& into, end const& message);
void encode(std::string& into, alive const& message);
void encode(std::string& into, hello_of_server const& message);
void encode(std::string& into, want const& message);
void encode(std::string& into, verdict const& message);
void encode(std::string& into, failure const& message);

template <class Message>
[[nodiscard]] std::string encoded(Message const& message) {
  std::string bytes;
  encode(bytes, message);
  return bytes;
}

/// Decodes a message. Throws `protocol_error` if it is invalid. Strings may contain any bytes: use `check_name` for
/// names, and `printable` for text that is shown.
[[nodiscard]] client_message decode_from_client(std::string_view bytes);
[[nodiscard]] server_message decode_from_server(std::string_view bytes);

}  // namespace samples::upload
