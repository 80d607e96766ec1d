// Sends a file from one process to another with strait's send_file and receive_file. With the argument `memory`, the
// bytes pass through user space.
#include <strait/strait.hpp>

#include "pair.hpp"

using namespace strait;

namespace {

/// Hides the socket of a stream, as a TLS stream would, so that all bytes pass through user space.
class opaque_stream {
 public:
  explicit opaque_stream(tcp::stream stream) : stream_(std::move(stream)) {}
  auto read(mutable_buffer into) { return stream_.read(into); }
  auto write(const_buffer from) { return stream_.write(from); }
  auto write(const_buffers from) { return stream_.write(from); }

 private:
  tcp::stream stream_;
};

template <class Stream>
task<> send(int to, int from, std::uint64_t size) {
  Stream stream{tcp::stream(to)};
  file source(from, "source");
  co_await send_file(stream, source, 0, size);
}

template <class Stream>
task<> receive(int from, int to, std::uint64_t size) {
  Stream stream{tcp::stream(from)};
  file target(to, "target");
  co_await receive_file(stream, target, 0, size);
}

}  // namespace

int main(int count, char** arguments) {
  bool const by_memory = count > 3 && arguments[3] == std::string_view("memory");
  return transfer(
      arguments[1], arguments[2],
      [=](int to, int from, std::uint64_t size) {
        run(by_memory ? send<opaque_stream>(to, from, size) : send<tcp::stream>(to, from, size));
      },
      [=](int from, int to, std::uint64_t size) {
        run(by_memory ? receive<opaque_stream>(from, to, size) : receive<tcp::stream>(from, to, size));
      });
}
