// For random texts, limits, chunks, cancels and sequences of calls, a reader returns exactly what was sent.
#include "catch.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <strait/strait.hpp>

#include "io/reader_script.hpp"
#include "io/streams.hpp"

using namespace strait;
using namespace strait::test;

namespace {

class random_numbers {
 public:
  explicit random_numbers(unsigned seed) : engine_(seed) {}
  std::size_t operator()(std::size_t below) { return engine_() % below; }

 private:
  std::mt19937 engine_;
};

std::string random_text(random_numbers& numbers) {
  std::string text(numbers(200), ' ');
  for (char& each : text) each = "abab\r\n\n\r\0\xff x"[numbers(12)];
  return text;
}

template <class Stream>
task<> send_in_pieces(Stream& to, std::string_view text, random_numbers& numbers) {
  while (!text.empty()) {
    auto const piece = text.substr(0, 1 + numbers(20));
    co_await to.write(piece);
    text.remove_prefix(piece.size());
    co_await turns(static_cast<int>(numbers(4)));
  }
  to.shutdown_write();
}

constexpr unsigned rounds = scaled(60);

}  // namespace

TEST_CASE("any sequence of reader calls returns the text that was sent, however it is split or canceled") {
  for (unsigned seed = 0; seed != rounds; ++seed) {
    INFO("seed " << seed);
    on_every_stream([seed](auto& near, auto& far) -> task<> {
      random_numbers numbers(seed);
      random_numbers pieces(seed + 1000);
      auto const text = random_text(numbers);
      buffered_reader in(far);
      reader_script script(in, text, numbers);
      co_await when_all(script.run(), send_in_pieces(near, text, pieces));
    });
  }
}

TEST_CASE("random messages in random formats are received as they were sent on every stream") {
  for (unsigned seed = 0; seed != rounds; ++seed) {
    INFO("seed " << seed);
    on_every_stream([seed](auto& near, auto& far) -> task<> {
      random_numbers numbers(seed);
      auto const format = numbers(4) == 0 ? frame_format::delimited("\1\2\3")
                                          : frame_format::prefixed(static_cast<length_prefix>(numbers(8)));
      std::vector<std::string> sent(numbers(20));
      for (auto& each : sent) {
        each = random_text(numbers);
        if (numbers(10) == 0) each.resize(std::min<std::size_t>(format.max_size(), numbers(40'000)), 'x');
      }
      auto sending = [&]() -> task<> {
        buffered_writer out(near, 1 + numbers(3000));
        frame_writer frames(out, format);
        for (auto const& each : sent) {
          co_await frames.write(each);
          if (numbers(3) == 0) co_await out.flush();
        }
        co_await out.flush();
        near.shutdown_write();
      };
      auto receiving = [&]() -> task<> {
        buffered_reader in(far);
        frame_reader frames(in, format);
        for (auto const& each : sent) {
          auto const got = co_await frames.read();
          REQUIRE(got == each);
        }
        auto const end = co_await frames.read();
        REQUIRE_FALSE(end.has_value());
      };
      co_await when_all(receiving(), sending());
    });
  }
}
