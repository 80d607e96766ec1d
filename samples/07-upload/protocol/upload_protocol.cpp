#include "protocol/upload_protocol.hpp"

#include <algorithm>
#include <concepts>

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace samples::upload {
namespace {

enum class message_type : std::uint8_t {
  hello_of_client = 1,
  offer = 2,
  data = 3,
  withdraw = 4,
  end = 5,
  alive = 6,
  hello_of_server = 129,
  want = 130,
  verdict = 131,
  failure = 132
};

void put(std::string& into, std::unsigned_integral auto value) {
  for (auto shift = 8 * sizeof value; shift > 0; shift -= 8)
    into.push_back(static_cast<char>(static_cast<unsigned char>(std::uint64_t{value} >> (shift - 8))));
}
void put(std::string& into, message_type type) { put(into, static_cast<std::uint8_t>(type)); }

/// Appends the text, truncated at a character boundary to the space that is left in the message.
void put_text(std::string& into, std::string_view text, std::size_t message_began) {
  auto const room = max_message_size - (into.size() - message_began);
  if (text.size() > room) {
    auto const is_inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
    auto size = room;
    while (size > 0 && is_inside(size)) --size;
    text = text.substr(0, size);
  }
  into += text;
}

/// Reads the fields of a message in order.
class field_reader {
 public:
  field_reader(std::string_view message, std::string_view bytes) : message_(message), left_(bytes) {}

  template <std::unsigned_integral Integer>
  Integer number() {
    Integer value = 0;
    for (char const byte : take(sizeof value))
      value = static_cast<Integer>(std::uint64_t{value} << 8 | static_cast<unsigned char>(byte));
    return value;
  }
  upload::digest digest() {
    upload::digest value;
    auto const bytes = take(value.size());
    std::transform(bytes.begin(), bytes.end(), value.begin(),
                   [](char each) { return static_cast<unsigned char>(each); });
    return value;
  }
  std::string text() { return std::string(take(left_.size())); }

  void expect_end() const {
    if (!left_.empty()) refuse(count(left_.size()) + " too many");
  }
  [[noreturn]] void refuse(std::string const& reason) const {
    throw protocol_error(fmt::format("{}: {}", message_, reason));
  }

 private:
  static std::string count(std::size_t bytes) { return bytes == 1 ? "1 byte" : fmt::format("{} bytes", bytes); }

  std::string_view take(std::size_t size) {
    if (left_.size() < size) {
      auto const missing = size - left_.size();
      refuse(fmt::format("{} {} missing", count(missing), missing == 1 ? "is" : "are"));
    };
    auto const taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view message_;  // its name
  std::string_view left_;
};

hello_of_client read_hello_of_client(std::string_view bytes) {
  field_reader fields("hello", bytes);
  hello_of_client message{.version = fields.number<std::uint16_t>()};
  fields.expect_end();
  return message;
}

offer read_offer(std::string_view bytes) {
  field_reader fields("offer", bytes);
  offer message;
  message.id = fields.number<std::uint32_t>();
  auto const kind = fields.number<std::uint8_t>();
  message.size = fields.number<std::uint64_t>();
  message.digest = fields.digest();
  message.name = fields.text();

  if (kind > static_cast<std::uint8_t>(file_kind::directory)) fields.refuse(fmt::format("unknown kind {}", kind));
  message.kind = static_cast<file_kind>(kind);
  if (message.kind == file_kind::directory && message.size > 0) fields.refuse("a directory must not have a size");
  if (message.kind == file_kind::directory && message.digest != upload::digest{})
    fields.refuse("a directory must not have a digest");
  return message;
}

data read_data(std::string_view bytes) {
  field_reader fields("data", bytes);
  data message;
  message.id = fields.number<std::uint32_t>();
  message.offset = fields.number<std::uint64_t>();
  message.count = fields.number<std::uint32_t>();
  fields.expect_end();
  return message;
}

withdraw read_withdraw(std::string_view bytes) {
  field_reader fields("withdraw", bytes);
  withdraw message;
  message.id = fields.number<std::uint32_t>();
  message.reason = fields.text();
  return message;
}

end read_end(std::string_view bytes) {
  field_reader("end", bytes).expect_end();
  return {};
}

alive read_alive(std::string_view bytes) {
  field_reader("alive", bytes).expect_end();
  return {};
}

hello_of_server read_hello_of_server(std::string_view bytes) {
  field_reader fields("hello", bytes);
  hello_of_server message;
  message.version = fields.number<std::uint16_t>();
  message.window = fields.number<std::uint16_t>();
  message.data_limit = fields.number<std::uint32_t>();
  message.size_limit = fields.number<std::uint64_t>();
  fields.expect_end();
  if (message.window == 0) fields.refuse("the window must not be 0");
  if (message.data_limit < min_data_limit)
    fields.refuse(fmt::format("the data limit {} is less than {}", message.data_limit, min_data_limit));
  return message;
}

want read_want(std::string_view bytes) {
  field_reader fields("want", bytes);
  want message;
  message.id = fields.number<std::uint32_t>();
  message.offset = fields.number<std::uint64_t>();
  fields.expect_end();
  return message;
}

verdict read_verdict(std::string_view bytes) {
  field_reader fields("verdict", bytes);
  verdict message;
  message.id = fields.number<std::uint32_t>();
  message.code = static_cast<verdict_code>(fields.number<std::uint8_t>());
  message.text = fields.text();
  return message;
}

/// Removes the type from the front of `bytes` and returns it.
message_type take_type(std::string_view& bytes) {
  if (bytes.empty()) throw protocol_error("a message without a type");
  auto const type = static_cast<message_type>(bytes.front());
  bytes.remove_prefix(1);
  return type;
}

[[noreturn]] void refuse_type(message_type type, std::string_view sender) {
  throw protocol_error(fmt::format("type {} is not a message of a {}", static_cast<unsigned>(type), sender));
}

}  // namespace

std::string to_string(verdict_code code) {
  switch (code) {
    case verdict_code::stored: return "stored";
    case verdict_code::already_there: return "already there";
    case verdict_code::bad_name: return "bad name";
    case verdict_code::exists: return "exists";
    case verdict_code::too_large: return "too large";
    case verdict_code::no_space: return "no space";
    case verdict_code::cannot_store: return "cannot store";
    case verdict_code::wrong_contents: return "wrong contents";
    case verdict_code::taken_over: return "taken over";
  }
  return fmt::format("verdict {}", static_cast<unsigned>(code));
}

void encode(std::string& into, hello_of_client const& message) {
  put(into, message_type::hello_of_client);
  put(into, message.version);
}

void encode(std::string& into, offer const& message) {
  put(into, message_type::offer);
  put(into, message.id);
  put(into, static_cast<std::uint8_t>(message.kind));
  put(into, message.size);
  for (unsigned char const byte : message.digest) put(into, byte);
  into += message.name;
}

void encode(std::string& into, data const& message) {
  put(into, message_type::data);
  put(into, message.id);
  put(into, message.offset);
  put(into, message.count);
}

void encode(std::string& into, withdraw const& message) {
  auto const began = into.size();
  put(into, message_type::withdraw);
  put(into, message.id);
  put_text(into, message.reason, began);
}

void encode(std::string& into, end const&) { put(into, message_type::end); }

void encode(std::string& into, alive const&) { put(into, message_type::alive); }

void encode(std::string& into, hello_of_server const& message) {
  put(into, message_type::hello_of_server);
  put(into, message.version);
  put(into, message.window);
  put(into, message.data_limit);
  put(into, message.size_limit);
}

void encode(std::string& into, want const& message) {
  put(into, message_type::want);
  put(into, message.id);
  put(into, message.offset);
}

void encode(std::string& into, verdict const& message) {
  auto const began = into.size();
  put(into, message_type::verdict);
  put(into, message.id);
  put(into, static_cast<std::uint8_t>(message.code));
  put_text(into, message.text, began);
}

void encode(std::string& into, failure const& message) {
  auto const began = into.size();
  put(into, message_type::failure);
  put_text(into, message.text, began);
}

client_message decode_from_client(std::string_view bytes) {
  auto const type = take_type(bytes);
  switch (type) {
    case message_type::hello_of_client: return read_hello_of_client(bytes);
    case message_type::offer: return read_offer(bytes);
    case message_type::data: return read_data(bytes);
    case message_type::withdraw: return read_withdraw(bytes);
    case message_type::end: return read_end(bytes);
    case message_type::alive: return read_alive(bytes);
    default: refuse_type(type, "client");
  }
}

server_message decode_from_server(std::string_view bytes) {
  auto const type = take_type(bytes);
  switch (type) {
    case message_type::hello_of_server: return read_hello_of_server(bytes);
    case message_type::want: return read_want(bytes);
    case message_type::verdict: return read_verdict(bytes);
    case message_type::failure: return failure{.text = std::string(bytes)};
    case message_type::end: return read_end(bytes);
    case message_type::alive: return read_alive(bytes);
    default: refuse_type(type, "server");
  }
}

}  // namespace samples::upload
