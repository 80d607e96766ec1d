// The upload protocol (docs/upload-protocol.md): its messages, and what they look like in bytes. No input or output.
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
/// What each side begins with.
inline constexpr std::string_view greeting = "STRAITUP";
/// Of a message, without its size, and without the bytes of a file that follow a `data`.
inline constexpr std::size_t max_message_size = 8192;
/// How messages are told apart, once the greeting has been read.
inline constexpr auto framing = strait::frame_format::prefixed(strait::length_prefix::u32_be, max_message_size);
/// A server's data limit is no smaller.
inline constexpr std::uint32_t least_data_limit = 4096;
inline constexpr std::uint64_t no_size_limit = UINT64_MAX;
/// How often who is at work says so.
inline constexpr std::chrono::seconds between_signs_of_life(5);
/// With this begins the text of a `failure` that is the server's own end: the client has done nothing wrong, and may
/// come again.
inline constexpr std::string_view server_ends = "the server is ending";

/// What has come is not the protocol, or against its rules: "offer: 3 bytes are missing".
class protocol_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class file_kind : std::uint8_t { regular = 0, executable = 1, directory = 2 };

/// Later versions may have others.
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

/// Whether the file is there, with the contents that were offered.
[[nodiscard]] constexpr bool is_there(verdict_code code) noexcept { return static_cast<std::uint8_t>(code) < 16; }
/// "already there", as the document has it; "verdict 99" for one that it has not.
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
  std::string name;  ///< as it has come: see check_name
  friend bool operator==(offer const&, offer const&) = default;
};
/// `count` bytes of the file follow it.
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
/// From both sides.
struct end {
  friend bool operator==(end const&, end const&) = default;
};

/// "I am at work": from both sides, who takes it for a sign of life.
struct alive {
  friend bool operator==(alive const&, alive const&) = default;
};

struct hello_of_server {
  std::uint16_t version = upload::version;
  std::uint16_t window = 1;
  std::uint32_t data_limit = least_data_limit;
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

/// Puts the message, without its size, at the end of `into`. Text for people that is too long is cut; a name is not.
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

/// The message that is in `bytes`, as its sender wrote it. Throws `protocol_error` for anything else. Strings may hold
/// any bytes whatever: see check_name, and `printable` for what is to be shown.
[[nodiscard]] client_message decode_from_client(std::string_view bytes);
[[nodiscard]] server_message decode_from_server(std::string_view bytes);

}  // namespace samples::upload
