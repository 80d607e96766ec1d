// Fuzzes buffered_reader. The input contains a script of calls, the sizes of the chunks, and the text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string_view>

#include <fmt/format.h>

#include <strait/strait.hpp>

#include "io/reader_script.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// The numbers for the script: the bytes of the input, then a fixed sequence.
class fuzzed_numbers {
 public:
  explicit fuzzed_numbers(std::string_view bytes) : bytes_(bytes) {}
  std::size_t operator()(std::size_t below) {
    if (bytes_.empty()) return 7 * ++others_ % below;
    auto const number = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return number % below;
  }

 private:
  std::string_view bytes_;
  std::size_t others_ = 0;
};

template <class Stream>
task<> send(Stream& to, std::string_view text) {
  co_await to.write(text);
  to.shutdown_write();
}

task<> read_by(std::string_view script, std::string_view text, duplex_options options) {
  auto [near, far] = duplex(options);
  fuzzed_numbers numbers(script);
  buffered_reader in(far);
  reader_script calls(in, text, numbers);
  co_await when_all(calls.run(), send(near, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const input(reinterpret_cast<char const*>(data), size);
  if (size < 3) return 0;
  auto const script_size = std::min<std::size_t>(data[0], size - 3);
  duplex_options const options{.capacity = std::size_t{data[1]} + 1, .seed = data[2]};
  try {
    static event_loop loop;
    loop.run(read_by(input.substr(3, script_size), input.substr(3 + script_size), options));
  } catch (std::exception const& e) {
    fmt::print(stderr, "{}\n", e.what());
    std::abort();
  }
  return 0;
}
