#include "protocol/upload_protocol.hpp"

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace samples::upload;
using namespace std::string_literals;

namespace {

constexpr digest some_digest = {0x6b, 0xba, 0x86, 0xc7, 0xe0, 0x69, 0xf5, 0x6d,
                                0x5a, 0x10, 0xb4, 0x35, 0xf1, 0xc8, 0xe4, 0x9c};

std::vector<client_message> client_messages() {
  return {hello_of_client{.version = 0x1234},
          offer{.id = 0xfedcba98, .size = UINT64_MAX - 1, .digest = some_digest, .name = "a/\xc3\xa9"},
          offer{.id = 0, .kind = file_kind::executable, .size = 0, .digest = {}, .name = ""},
          offer{.id = 7, .kind = file_kind::directory, .size = 0, .digest = {}, .name = "folder"},
          data{.id = 1, .offset = 0x0102030405060708, .count = 0x090a0b0c},
          withdraw{.id = 3, .reason = "a.txt: no such file"},
          end{},
          alive{}};
}

std::vector<server_message> server_messages() {
  return {hello_of_server{.version = 1, .window = 32, .data_limit = 1 << 20, .size_limit = no_size_limit},
          want{.id = 9, .offset = 0x8000000000000001},
          verdict{.id = 1, .code = verdict_code::taken_over, .text = "another connection has taken over this file"},
          verdict{.id = 1, .code = static_cast<verdict_code>(255), .text = "\0\xff\n"s},
          failure{.text = "the server ends"},
          end{},
          alive{}};
}

template <class Message>
std::string bytes_of(Message const& message) {
  return std::visit([](auto const& each) { return encoded(each); }, message);
}

/// Returns the encoded size of a message without its text.
std::size_t min_size(client_message const& message) {
  if (std::holds_alternative<offer>(message)) return 30;
  if (std::holds_alternative<withdraw>(message)) return 5;
  return bytes_of(message).size();
}
std::size_t min_size(server_message const& message) {
  if (std::holds_alternative<verdict>(message)) return 6;
  if (std::holds_alternative<failure>(message)) return 1;
  return bytes_of(message).size();
}

template <class Decode>
std::string refusal(Decode const& decode, std::string const& bytes) {
  try {
    decode(bytes);
  } catch (protocol_error const& wrong) {
    return wrong.what();
  }
  return "nothing";
}
std::string refusal_of_server(std::string const& bytes) { return refusal(decode_from_client, bytes); }
std::string refusal_of_client(std::string const& bytes) { return refusal(decode_from_server, bytes); }

/// Decodes `bytes` and encodes the message again; returns `bytes` themselves if they are rejected.
template <class Decode>
std::string again_or_refused(Decode const& decode, std::string const& bytes) {
  try {
    return bytes_of(decode(bytes));
  } catch (protocol_error const&) {
    return bytes;
  }
}

/// Checks that the message is rejected if it is truncated at any byte within its fields.
template <class Message, class Decode>
void check_truncations(std::vector<Message> const& messages, Decode const& decode) {
  for (auto const& message : messages) {
    auto const bytes = bytes_of(message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO("message " << message.index() << " cut to " << size);
      if (size < min_size(message)) CHECK_THROWS_AS(decode(bytes.substr(0, size)), protocol_error);
      else CHECK(decode(bytes.substr(0, size)) != message);
    }
  }
}

/// Returns the bytes of one side in the document's example: the two-digit hexadecimal numbers after "client:" or
/// "server:" up to the explanation on each line.
std::string bytes_in_document(std::string const& side) {
  std::ifstream document(UPLOAD_PROTOCOL_DOCUMENT);
  std::string bytes, line;
  bool is_example = false, is_side = false;
  while (std::getline(document, line)) {
    if (line.starts_with("## ")) is_example = line == "## An example in bytes";
    if (!is_example || line.starts_with("```")) continue;
    std::istringstream words(line);
    std::string word;
    if (!line.starts_with(' ') && words >> word) is_side = word == side + ":";
    auto const is_byte = [&] { return word.size() == 2 && word.find_first_not_of("0123456789abcdef") == word.npos; };
    while (is_side && words >> word && is_byte()) bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

std::string framed(std::string const& message) {
  return {std::string(3, '\0') + static_cast<char>(message.size()) + message};
}

}  // namespace

TEST_CASE("upload_protocol: decoding an encoded message returns an equal message") {
  for (auto const& message : client_messages()) CHECK(decode_from_client(bytes_of(message)) == message);
  for (auto const& message : server_messages()) CHECK(decode_from_server(bytes_of(message)) == message);
}

TEST_CASE("upload_protocol: encoding appends to the string") {
  auto bytes = "before"s;
  encode(bytes, want{.id = 1, .offset = 2});
  CHECK(bytes == "before" + encoded(want{.id = 1, .offset = 2}));
}

TEST_CASE("upload_protocol: the encoded bytes equal the example in the document") {
  CHECK(bytes_in_document("client") ==
        std::string(greeting) + framed(encoded(hello_of_client{})) +
            framed(encoded(offer{.id = 1, .size = 6, .digest = some_digest, .name = "hi"})) +
            framed(encoded(data{.id = 1, .offset = 0, .count = 6})) + "hello\n" + framed(encoded(end{})));
  CHECK(bytes_in_document("server") ==
        std::string(greeting) +
            framed(encoded(hello_of_server{.window = 32, .data_limit = 1 << 20, .size_limit = no_size_limit})) +
            framed(encoded(want{.id = 1, .offset = 0})) +
            framed(encoded(verdict{.id = 1, .code = verdict_code::stored, .text = "stored"})) + framed(encoded(end{})));
}

TEST_CASE("upload_protocol: a message truncated at any byte is rejected") {
  check_truncations(client_messages(), decode_from_client);
  check_truncations(server_messages(), decode_from_server);
}

TEST_CASE("upload_protocol: an error names the message and the reason") {
  CHECK(refusal_of_server("") == "a message without a type");
  CHECK(refusal_of_server(encoded(offer{}).substr(0, 27)) == "offer: 3 bytes are missing");
  CHECK(refusal_of_server(encoded(data{}) + "abc") == "data: 3 bytes too many");
  CHECK(refusal_of_server(encoded(hello_of_client{}) + "a") == "hello: 1 byte too many");
  CHECK(refusal_of_server(encoded(end{}) + "ab") == "end: 2 bytes too many");
  CHECK(refusal_of_server("M") == "type 77 is not a message of a client");
  CHECK(refusal_of_server(encoded(want{})) == "type 130 is not a message of a client");
  CHECK(refusal_of_client(encoded(offer{})) == "type 2 is not a message of a server");
  CHECK(refusal_of_client(encoded(want{}) + "ab") == "want: 2 bytes too many");
  CHECK(refusal_of_client(encoded(hello_of_server{}).substr(0, 16)) == "hello: 1 byte is missing");
}

TEST_CASE("upload_protocol: directories with contents and unknown kinds are rejected") {
  auto const directory = offer{.id = 1, .kind = file_kind::directory, .size = 0, .digest = {}, .name = "a"};
  auto with_size = directory, with_digest = directory, of_no_kind = directory;
  with_size.size = 1;
  with_digest.digest = some_digest;
  of_no_kind.kind = static_cast<file_kind>(3);
  CHECK(refusal_of_server(encoded(with_size)) == "offer: a directory must not have a size");
  CHECK(refusal_of_server(encoded(with_digest)) == "offer: a directory must not have a digest");
  CHECK(refusal_of_server(encoded(of_no_kind)) == "offer: unknown kind 3");
}

TEST_CASE("upload_protocol: server limits that allow no session are rejected") {
  CHECK(refusal_of_client(encoded(hello_of_server{.window = 0})) == "hello: the window must not be 0");
  CHECK(refusal_of_client(encoded(hello_of_server{.data_limit = 4095})) ==
        "hello: the data limit 4095 is less than 4096");
  CHECK(refusal_of_client(encoded(hello_of_server{.window = 1, .data_limit = 4096})) == "nothing");
}

TEST_CASE("upload_protocol: a text that is too long is truncated at a character boundary") {
  std::string text;
  while (text.size() < 2 * max_message_size) text += "\u4f60";
  for (auto const& bytes :
       {encoded(failure{.text = text}), encoded(verdict{.text = text}), encoded(withdraw{.reason = text})}) {
    CHECK(bytes.size() <= max_message_size);
    CHECK(bytes.size() > max_message_size - 3);
    CHECK(bytes.ends_with("\u4f60"));
  }
  CHECK(encoded(failure{.text = std::string(max_message_size, '\x80')}).size() <= max_message_size);
}

TEST_CASE("upload_protocol: random bytes are rejected, or decode to a message that encodes to the same bytes") {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 48, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty() && i % 2 == 0) bytes.front() = static_cast<char>((random() % 2) * 128 + random() % 8);
    CHECK(again_or_refused(decode_from_client, bytes) == bytes);
    CHECK(again_or_refused(decode_from_server, bytes) == bytes);
  }
}

TEST_CASE("upload_protocol: codes up to 15 mean that the file is stored") {
  CHECK(is_stored(verdict_code::stored));
  CHECK(is_stored(verdict_code::already_there));
  CHECK(is_stored(static_cast<verdict_code>(15)));
  CHECK_FALSE(is_stored(verdict_code::bad_name));
  CHECK_FALSE(is_stored(verdict_code::taken_over));
  CHECK_FALSE(is_stored(static_cast<verdict_code>(255)));
}

TEST_CASE("upload_protocol: each code has a name") {
  CHECK(to_string(verdict_code::already_there) == "already there");
  CHECK(to_string(verdict_code::wrong_contents) == "wrong contents");
  CHECK(to_string(static_cast<verdict_code>(99)) == "verdict 99");
}
