// Fuzzes frame_reader: for any input, writing each message that was read must produce the bytes from which it was read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <strait/strait.hpp>

using namespace strait;

namespace {

frame_format format_of(std::uint8_t choice, std::size_t max_size) {
  switch (choice % 10) {
    case 8: return frame_format::delimited("\n", max_size);
    case 9: return frame_format::delimited("aab", max_size);
    default: return frame_format::prefixed(static_cast<length_prefix>(choice % 10), max_size);
  }
}

/// False for varints: a varint may be encoded with more bytes than necessary, and a writer would not do that.
bool is_written_as_read(frame_format const& format) {
  return format.is_delimited() || format.prefix() != length_prefix::varint;
}

task<std::string> written(frame_format format, std::string_view message) {
  auto [near, far] = duplex({.capacity = message.size() + 16});
  buffered_writer out(far);
  frame_writer frames(out, format);
  co_await frames.write(message);
  co_await out.flush();
  std::string bytes(message.size() + 16, ' ');
  bytes.resize(co_await near.read(bytes));
  co_return bytes;
}

task<> read_all(frame_format format, std::string_view bytes, duplex_options options) {
  auto [near, far] = duplex(options);
  auto sending = [&, &to = near]() -> task<> {
    auto const sent = co_await as_result(to.write(bytes));
    to.shutdown_write();
  };
  auto reading = [&, &from = far]() -> task<> {
    buffered_reader in(from);
    frame_reader frames(in, format);
    auto rest = bytes;
    try {
      while (auto const message = co_await frames.read()) {
        auto const again = co_await written(format, *message);
        if (message->size() > format.max_size()) throw std::logic_error("a message is longer than allowed");
        if (is_written_as_read(format) && !rest.starts_with(again)) throw std::logic_error("a message is another one");
        if (is_written_as_read(format)) rest.remove_prefix(again.size());
      }
      if (is_written_as_read(format) && !rest.empty()) throw std::logic_error("bytes were lost");
    } catch (error const& e) {
      bool const expected =
          e.code() == errc::limit_exceeded || e.code() == errc::unexpected_end || e.code() == std::errc::bad_message;
      if (!expected) throw;
      if (is_written_as_read(format) && !rest.starts_with(in.buffered()))
        throw std::logic_error("what is left is wrong");
    }
    from.close();
  };
  co_await when_all(reading(), sending());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 4) return 0;
  std::string_view const bytes(reinterpret_cast<char const*>(data) + 4, size - 4);
  duplex_options const options{.capacity = std::size_t{data[2]} + 1, .seed = data[3]};
  try {
    static event_loop loop;
    loop.run(read_all(format_of(data[0], data[1]), bytes, options));
  } catch (std::exception const& e) {
    fmt::print(stderr, "{}\n", e.what());
    std::abort();
  }
  return 0;
}
