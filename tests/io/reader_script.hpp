// A script of calls of a buffered_reader. The expected result of each call follows from the whole text, which is known
// in advance, and does not depend on how the stream splits it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <strait/strait.hpp>

#include "core/waiting.hpp"

namespace strait::test {

/// Makes calls that `numbers` selects (a callable: `std::size_t numbers(std::size_t below)`) until all of `text` has
/// been read. Some calls are canceled when they wait. Throws `std::logic_error` at the first unexpected result.
template <class Stream, class Numbers>
class reader_script {
 public:
  reader_script(buffered_reader<Stream>& in, std::string_view text, Numbers& numbers)
      : in_(in), rest_(text), numbers_(numbers) {}

  task<> run() {
    // The last calls are made at the end of the stream. After many calls without progress, `step` makes only reads, so
    // the loop ends.
    for (std::size_t calls = 0; !rest_.empty() || calls % 8 != 0; ++calls) co_await step(calls);
  }

 private:
  using maybe_text = std::optional<std::string>;

  task<> step(std::size_t calls) {
    auto const call = calls > 2 * text_size_ + 50 ? 7 : numbers_(10);
    switch (call) {
      case 0:
      case 1:
      case 2: return read_line(numbers_(12));
      case 3: return read_until(numbers_(2) == 0 ? "ab" : "\r\n", numbers_(12));
      case 4: return read_exactly(1 + numbers_(9));
      case 5: return read_into(1 + numbers_(9));
      case 6: return peek(numbers_(9));
      case 7: return read(1 + numbers_(9));
      case 8: return skip_line();
      default: return consume();
    }
  }

  task<> read_line(std::size_t limit) {
    auto const end = rest_.find('\n');
    auto const size = end == rest_.npos ? end : end - (end != 0 && rest_[end - 1] == '\r' ? 1 : 0);
    bool const could_end = rest_.size() <= limit || (rest_.size() == limit + 1 && rest_.back() == '\r');
    bool const refused = end == rest_.npos ? !could_end : size > limit;
    co_await bounded([&] { return in_.read_line(limit); }, size, end + 1, refused, "read_line");
  }

  task<> read_until(std::string_view delimiter, std::size_t limit) {
    auto const end = rest_.find(delimiter);
    bool const refused = end == rest_.npos ? rest_.size() >= limit + delimiter.size() : end > limit;
    co_await bounded([&] { return in_.read_until(delimiter, limit); }, end, end + delimiter.size(), refused,
                     "read_until");
  }

  /// A call whose result ends at `size`, if the text contains that end, and that consumes `taken` bytes.
  template <class Call>
  task<> bounded(Call call, std::size_t size, std::size_t taken, bool refused, char const* name) {
    try {
      maybe_text got;
      auto calling = [&]() -> task<> {
        if (auto const found = co_await call()) got = std::string(*found);
      };
      if (!co_await maybe_canceled(calling)) co_return;
      if (refused) surprise(name, "a limit that was passed", got.value_or("the end"));
      if (size == rest_.npos) {
        if (got || !rest_.empty()) surprise(name, "the end", got.value_or("the end"));
        co_return;
      }
      if (got != rest_.substr(0, size)) surprise(name, rest_.substr(0, size), got.value_or("the end"));
      rest_.remove_prefix(taken);
    } catch (limit_exceeded const& e) {
      if (!refused) surprise(name, "no limit", e.what());
    } catch (unexpected_end const& e) {
      if (refused || size != rest_.npos || rest_.empty() || e.received() != rest_.size())
        surprise(name, fmt::format("no end before {}", rest_.size()), e.what());
    }
    keeps_the_rest(name);
  }

  task<> read_exactly(std::size_t size) {
    std::string got;
    auto calling = [&]() -> task<> { got = std::string(co_await in_.read_exactly(size)); };
    co_await exact(calling, size, got, "read_exactly");
  }
  task<> read_into(std::size_t size) {
    std::string got(size * (numbers_(4) == 0 ? 1000 : 1), ' ');
    auto calling = [&]() -> task<> { co_await in_.read_exactly(got); };
    auto const wanted = got.size();
    co_await exact(calling, wanted, got, "read_exactly into a buffer");
  }
  template <class Calling>
  task<> exact(Calling& calling, std::size_t size, std::string const& got, char const* name) {
    try {
      if (!co_await maybe_canceled(calling)) co_return;
      if (size > rest_.size() || got != rest_.substr(0, size)) surprise(name, rest_.substr(0, size), got);
      rest_.remove_prefix(size);
    } catch (unexpected_end const& e) {
      if (size <= rest_.size() || e.received() != rest_.size() || e.expected() != size)
        surprise(name, fmt::format("{} of {}", rest_.size(), size), e.what());
    }
    keeps_the_rest(name);
  }

  task<> peek(std::size_t size) {
    std::string got;
    auto calling = [&]() -> task<> { got = std::string(co_await in_.peek(size)); };
    if (!co_await maybe_canceled(calling)) co_return;
    if (!rest_.starts_with(got) || got.size() < std::min(size, rest_.size())) surprise("peek", rest_, got);
  }
  task<> read(std::size_t size) {
    std::string got(size, ' ');
    auto calling = [&]() -> task<> { got.resize(co_await in_.read(got)); };
    if (!co_await maybe_canceled(calling)) co_return;
    if (!rest_.starts_with(got) || got.empty() != rest_.empty()) surprise("read", rest_.substr(0, size), got);
    rest_.remove_prefix(got.size());
  }
  task<> skip_line() {
    auto const end = rest_.find('\n');
    auto const size = end == rest_.npos ? rest_.size() : end + 1;
    auto const skipped = co_await in_.skip_line();
    if (skipped != size) surprise("skip_line", fmt::format("{}", size), fmt::format("{}", skipped));
    rest_.remove_prefix(size);
  }
  task<> consume() {
    auto const size = numbers_(in_.buffered().size() + 1);
    in_.consume(size);
    rest_.remove_prefix(size);
    keeps_the_rest("consume");
    co_return;
  }

  template <class Calling>
  task<bool> maybe_canceled(Calling& calling) {
    if (numbers_(3) != 0) {
      co_await calling();
      co_return true;
    }
    bool const done = co_await run_and_cancel([&] { return calling(); });
    if (!done) keeps_the_rest("a canceled call");
    co_return done;
  }

  void keeps_the_rest(char const* name) const {
    if (!rest_.starts_with(in_.buffered())) surprise(name, rest_, in_.buffered());
  }
  [[noreturn]] void surprise(char const* name, std::string_view wanted, std::string_view got) const {
    throw std::logic_error(fmt::format("{}: \"{}\" instead of \"{}\"; to be read: \"{}\"", name, got, wanted, rest_));
  }

  buffered_reader<Stream>& in_;
  std::string_view rest_;  // the bytes that have not been read
  std::size_t const text_size_ = rest_.size();
  Numbers& numbers_;
};

}  // namespace strait::test
