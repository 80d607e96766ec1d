#include "protocol/upload_rules.hpp"

#include <random>
#include <set>
#include <string>

#include "catch.hpp"

using namespace samples::upload;

namespace {

constexpr std::uint16_t window = 3;
constexpr std::uint32_t data_limit = 4096;

offer file(std::uint32_t id, std::uint64_t size) {
  return {.id = id, .kind = file_kind::regular, .size = size, .digest = {}, .name = "a"};
}
offer directory(std::uint32_t id) {
  return {.id = id, .kind = file_kind::directory, .size = 0, .digest = {}, .name = "a"};
}
verdict stored(std::uint32_t id) { return {.id = id, .code = verdict_code::stored, .text = {}}; }

/// Returns the rules of a connection after the hello.
upload_rules begun() {
  upload_rules rules(window, data_limit);
  rules.received(hello_of_client{});
  return rules;
}

template <class Message>
std::string refusal(upload_rules& rules, Message const& message) {
  try {
    static_cast<void>(rules.received(message));
  } catch (protocol_error const& wrong) {
    return wrong.what();
  }
  return "nothing";
}

using data_action = upload_rules::data_action;

}  // namespace

TEST_CASE("upload_rules: a complete session is accepted") {
  auto rules = begun();
  rules.received(file(1, 5000));
  rules.received(file(2, 100));
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.is_data_due());
  CHECK(rules.received(data{.id = 1, .offset = 0, .count = 4096}) == data_action::store);
  CHECK(rules.missing(1) == 904);
  CHECK(rules.received(data{.id = 1, .offset = 4096, .count = 904}) == data_action::store);
  CHECK(rules.missing(1) == 0);
  CHECK_FALSE(rules.is_data_due());
  rules.sent(want{.id = 2, .offset = 60});
  CHECK(rules.missing(2) == 40);
  rules.sent(stored(1));
  CHECK(rules.received(data{.id = 2, .offset = 60, .count = 40}) == data_action::store);
  rules.received(end{});
  CHECK(rules.has_ended());
  CHECK_FALSE(rules.is_over());
  rules.sent(stored(2));
  CHECK(rules.is_over());
}

TEST_CASE("upload_rules: hello must be the first message and must not be repeated") {
  upload_rules rules(window, data_limit);
  CHECK(refusal(rules, file(1, 1)) == "offer: before hello");
  CHECK(refusal(rules, data{}) == "data: before hello");
  CHECK(refusal(rules, withdraw{}) == "withdraw: before hello");
  CHECK(refusal(rules, end{}) == "end: before hello");
  CHECK(refusal(rules, alive{}) == "alive: before hello");
  rules.received(hello_of_client{});
  CHECK(refusal(rules, hello_of_client{}) == "hello: sent twice");
}

TEST_CASE("upload_rules: an id cannot be used again, even after its verdict") {
  auto rules = begun();
  rules.received(file(7, 1));
  CHECK(refusal(rules, file(7, 1)) == "offer 7: the id was used before");
  rules.sent(stored(7));
  CHECK(refusal(rules, file(7, 1)) == "offer 7: the id was used before");
  rules.received(file(0, 1));
  rules.received(file(UINT32_MAX, 1));
  CHECK(refusal(rules, file(UINT32_MAX, 1)) == "offer 4294967295: the id was used before");
}

TEST_CASE("upload_rules: the window limits the number of undecided offers") {
  auto rules = begun();
  for (std::uint32_t id = 1; id <= window; ++id) rules.received(file(id, 10));
  CHECK(rules.open() == window);
  CHECK(refusal(rules, file(10, 1)) == "offer 10: the window of 3 undecided offers is full");
  rules.sent(stored(2));
  CHECK(refusal(rules, file(10, 1)) == "nothing");
  CHECK(refusal(rules, file(11, 1)) == "offer 11: the window of 3 undecided offers is full");
  rules.received(withdraw{.id = 1, .reason = "gone"});
  CHECK(refusal(rules, file(11, 1)) == "nothing");
}

TEST_CASE("upload_rules: data must belong to an offer and must be requested") {
  auto rules = begun();
  CHECK(refusal(rules, data{.id = 5, .offset = 0, .count = 1}) == "data of 5: no such offer");
  rules.received(file(5, 10));
  CHECK(refusal(rules, data{.id = 5, .offset = 0, .count = 1}) == "data of 5: not requested");
}

TEST_CASE("upload_rules: data must be contiguous and must not exceed the size of the file") {
  auto rules = begun();
  rules.received(file(1, 10'000));
  rules.sent(want{.id = 1, .offset = 100});
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: offset 0 instead of 100");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 0}) == "data of 1: the count is 0");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 4097}) ==
        "data of 1: 4097 bytes exceed the limit of 4096");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 4096}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 1}) == "data of 1: offset 100 instead of 4196");
  CHECK(refusal(rules, data{.id = 1, .offset = 4196, .count = 4000}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 8196, .count = 1805}) == "data of 1: 1805 bytes, but 1804 are missing");
  CHECK(refusal(rules, data{.id = 1, .offset = 8196, .count = 1804}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 10'000, .count = 1}) == "data of 1: 1 bytes, but 0 are missing");
}

TEST_CASE("upload_rules: data of several files may be interleaved") {
  auto rules = begun();
  rules.received(file(1, 20));
  rules.received(file(2, 20));
  rules.sent(want{.id = 2, .offset = 0});
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.received(data{.id = 1, .offset = 0, .count = 10}) == data_action::store);
  CHECK(rules.received(data{.id = 2, .offset = 0, .count = 10}) == data_action::store);
  CHECK(rules.received(data{.id = 1, .offset = 10, .count = 10}) == data_action::store);
  CHECK(rules.is_data_due());
  CHECK(rules.received(data{.id = 2, .offset = 10, .count = 10}) == data_action::store);
  CHECK_FALSE(rules.is_data_due());
}

TEST_CASE("upload_rules: data after a verdict is discarded, but must be contiguous") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.received(data{.id = 1, .offset = 0, .count = 10}) == data_action::store);
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK_FALSE(rules.is_data_due());
  CHECK(rules.received(data{.id = 1, .offset = 10, .count = 10}) == data_action::discard);
  CHECK(refusal(rules, data{.id = 1, .offset = 10, .count = 10}) == "data of 1: offset 10 instead of 20");
  CHECK_FALSE(rules.is_data_due());
}

TEST_CASE("upload_rules: data is an error when the client must have received the verdict") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  for (std::uint32_t id = 2; id < 1 + window; ++id) {
    rules.received(file(id, 0));
    rules.sent(stored(id));
  }
  CHECK(rules.received(data{.id = 1, .offset = 0, .count = 1}) == data_action::discard);
  rules.received(file(10, 0));
  rules.sent(stored(10));
  CHECK(refusal(rules, data{.id = 1, .offset = 1, .count = 1}) == "data of 1: no such offer");
}

TEST_CASE("upload_rules: after a verdict without a want, data is an error") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.sent(verdict{.id = 1, .code = verdict_code::bad_name, .text = {}});
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: not requested");
}

TEST_CASE("upload_rules: a withdrawn offer is decided, and further data is an error") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.received(withdraw{.id = 1, .reason = "gone"});
  CHECK_FALSE(rules.is_open(1));
  CHECK_FALSE(rules.is_data_due());
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: no such offer");
  CHECK(refusal(rules, withdraw{.id = 1, .reason = {}}) == "withdraw 1: no such offer");
  CHECK(refusal(rules, withdraw{.id = 2, .reason = {}}) == "withdraw 2: no such offer");
}

TEST_CASE("upload_rules: answers to a withdrawn offer have no effect") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.received(withdraw{.id = 1, .reason = "gone"});
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK_FALSE(rules.is_data_due());
  rules.received(end{});
  CHECK(rules.is_over());
}

TEST_CASE("upload_rules: a withdraw that crosses a verdict is accepted") {
  auto rules = begun();
  rules.received(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK(refusal(rules, withdraw{.id = 1, .reason = "gone"}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: not requested");
}

TEST_CASE("upload_rules: no message is accepted after end") {
  auto rules = begun();
  rules.received(end{});
  CHECK(refusal(rules, file(1, 1)) == "offer: after end");
  CHECK(refusal(rules, data{}) == "data: after end");
  CHECK(refusal(rules, withdraw{}) == "withdraw: after end");
  CHECK(refusal(rules, end{}) == "end: after end");
  CHECK(refusal(rules, alive{}) == "alive: after end");
}

TEST_CASE("upload_rules: end is an error while data is missing") {
  auto rules = begun();
  rules.received(file(1, 100));
  CHECK(refusal(rules, end{}) == "end: 100 bytes of file 1 were not sent");
  rules.sent(want{.id = 1, .offset = 40});
  CHECK(refusal(rules, end{}) == "end: 60 bytes of file 1 were not sent");
  rules.received(directory(2));
  rules.received(file(3, 0));
  CHECK(rules.received(data{.id = 1, .offset = 40, .count = 60}) == data_action::store);
  CHECK(refusal(rules, end{}) == "nothing");
  CHECK(rules.open() == 3);
}

TEST_CASE("upload_rules: mistakes of the server throw std::logic_error") {
  auto rules = begun();
  CHECK_THROWS_AS(rules.sent(stored(1)), std::logic_error);
  rules.received(file(1, 100));
  rules.received(directory(2));
  CHECK_THROWS_AS(rules.sent(want{.id = 1, .offset = 101}), std::logic_error);
  rules.sent(want{.id = 1, .offset = 100});
  CHECK_THROWS_AS(rules.sent(want{.id = 1, .offset = 0}), std::logic_error);
  CHECK_THROWS_AS(rules.sent(want{.id = 2, .offset = 0}), std::logic_error);
  rules.sent(stored(1));
  CHECK_THROWS_AS(rules.sent(stored(1)), std::logic_error);
}

TEST_CASE("number_set: contains the inserted numbers, whatever their order") {
  std::mt19937 random(2);
  number_set numbers;
  std::set<std::uint32_t> expected;
  for (int i = 0; i < 2000; ++i) {
    auto const number = static_cast<std::uint32_t>(random() % 1000 + (random() % 2 ? UINT32_MAX - 999 : 0));
    CHECK(numbers.contains(number) == expected.contains(number));
    CHECK(numbers.insert(number) == expected.insert(number).second);
  }
}

TEST_CASE("number_set: the memory for gaps is limited") {
  number_set numbers;
  for (std::uint32_t i = 0; i < 100'000; ++i) CHECK(numbers.insert(i * 2));
  CHECK(numbers.contains(199'998));
  CHECK_FALSE(numbers.contains(0));  // removed to limit the memory
}

TEST_CASE(
    "upload_rules: the id of an open or recently decided offer cannot be used again, however many were used "
    "since") {
  auto rules = begun();
  rules.received(file(0, 100));
  rules.received(file(1'000'000, 100));
  rules.sent(stored(1'000'000));
  for (std::uint32_t i = 1; i != 5000; ++i) {  // with gaps, so that the first ids are removed from the set
    rules.received(file(2 * i, 100));
    rules.received(withdraw{.id = 2 * i, .reason = {}});
  }
  CHECK(refusal(rules, file(0, 100)) == "offer 0: the id was used before");
  CHECK(refusal(rules, file(1'000'000, 100)) == "offer 1000000: the id was used before");
}
