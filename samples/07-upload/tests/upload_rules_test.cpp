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

/// Of a connection whose hello has come.
upload_rules begun() {
  upload_rules rules(window, data_limit);
  rules.came(hello_of_client{});
  return rules;
}

template <class Message>
std::string refusal(upload_rules& rules, Message const& message) {
  try {
    static_cast<void>(rules.came(message));
  } catch (protocol_error const& wrong) {
    return wrong.what();
  }
  return "nothing";
}

using use = upload_rules::use;

}  // namespace

TEST_CASE("upload rules: a whole session") {
  auto rules = begun();
  rules.came(file(1, 5000));
  rules.came(file(2, 100));
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.is_data_due());
  CHECK(rules.came(data{.id = 1, .offset = 0, .count = 4096}) == use::store);
  CHECK(rules.missing(1) == 904);
  CHECK(rules.came(data{.id = 1, .offset = 4096, .count = 904}) == use::store);
  CHECK(rules.missing(1) == 0);
  CHECK_FALSE(rules.is_data_due());
  rules.sent(want{.id = 2, .offset = 60});
  CHECK(rules.missing(2) == 40);
  rules.sent(stored(1));
  CHECK(rules.came(data{.id = 2, .offset = 60, .count = 40}) == use::store);
  rules.came(end{});
  CHECK(rules.has_ended());
  CHECK_FALSE(rules.is_over());
  rules.sent(stored(2));
  CHECK(rules.is_over());
}

TEST_CASE("upload rules: hello comes first, and once") {
  upload_rules rules(window, data_limit);
  CHECK(refusal(rules, file(1, 1)) == "offer: before hello");
  CHECK(refusal(rules, data{}) == "data: before hello");
  CHECK(refusal(rules, withdraw{}) == "withdraw: before hello");
  CHECK(refusal(rules, end{}) == "end: before hello");
  CHECK(refusal(rules, alive{}) == "alive: before hello");
  rules.came(hello_of_client{});
  CHECK(refusal(rules, hello_of_client{}) == "hello: a second one");
}

TEST_CASE("upload rules: an id is used once, also after its verdict") {
  auto rules = begun();
  rules.came(file(7, 1));
  CHECK(refusal(rules, file(7, 1)) == "offer 7: the id is used already");
  rules.sent(stored(7));
  CHECK(refusal(rules, file(7, 1)) == "offer 7: the id is used already");
  rules.came(file(0, 1));
  rules.came(file(UINT32_MAX, 1));
  CHECK(refusal(rules, file(UINT32_MAX, 1)) == "offer 4294967295: the id is used already");
}

TEST_CASE("upload rules: the window is how many offers may be undecided") {
  auto rules = begun();
  for (std::uint32_t id = 1; id <= window; ++id) rules.came(file(id, 10));
  CHECK(rules.open() == window);
  CHECK(refusal(rules, file(10, 1)) == "offer 10: 3 are undecided, which is the window");
  rules.sent(stored(2));
  CHECK(refusal(rules, file(10, 1)) == "nothing");
  CHECK(refusal(rules, file(11, 1)) == "offer 11: 3 are undecided, which is the window");
  rules.came(withdraw{.id = 1, .reason = "gone"});
  CHECK(refusal(rules, file(11, 1)) == "nothing");
}

TEST_CASE("upload rules: data is of an offer, and wanted") {
  auto rules = begun();
  CHECK(refusal(rules, data{.id = 5, .offset = 0, .count = 1}) == "data of 5: there is no such offer");
  rules.came(file(5, 10));
  CHECK(refusal(rules, data{.id = 5, .offset = 0, .count = 1}) == "data of 5: nobody has asked for it");
}

TEST_CASE("upload rules: data goes on where it was, without gaps, and not beyond the file's end") {
  auto rules = begun();
  rules.came(file(1, 10'000));
  rules.sent(want{.id = 1, .offset = 100});
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) ==
        "data of 1: it is from 0, and what comes next is from 100");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 0}) == "data of 1: no bytes");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 4097}) == "data of 1: 4097 bytes, and 4096 are allowed");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 4096}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 100, .count = 1}) ==
        "data of 1: it is from 100, and what comes next is from 4196");
  CHECK(refusal(rules, data{.id = 1, .offset = 4196, .count = 4000}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 8196, .count = 1805}) == "data of 1: 1805 bytes, and 1804 are missing");
  CHECK(refusal(rules, data{.id = 1, .offset = 8196, .count = 1804}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 10'000, .count = 1}) == "data of 1: 1 bytes, and 0 are missing");
}

TEST_CASE("upload rules: several files may take turns") {
  auto rules = begun();
  rules.came(file(1, 20));
  rules.came(file(2, 20));
  rules.sent(want{.id = 2, .offset = 0});
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.came(data{.id = 1, .offset = 0, .count = 10}) == use::store);
  CHECK(rules.came(data{.id = 2, .offset = 0, .count = 10}) == use::store);
  CHECK(rules.came(data{.id = 1, .offset = 10, .count = 10}) == use::store);
  CHECK(rules.is_data_due());
  CHECK(rules.came(data{.id = 2, .offset = 10, .count = 10}) == use::store);
  CHECK_FALSE(rules.is_data_due());
}

TEST_CASE("upload rules: what comes after a verdict is thrown away, and must be in order all the same") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  CHECK(rules.came(data{.id = 1, .offset = 0, .count = 10}) == use::store);
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK_FALSE(rules.is_data_due());
  CHECK(rules.came(data{.id = 1, .offset = 10, .count = 10}) == use::throw_away);
  CHECK(refusal(rules, data{.id = 1, .offset = 10, .count = 10}) ==
        "data of 1: it is from 10, and what comes next is from 20");
  CHECK_FALSE(rules.is_data_due());
}

TEST_CASE("upload rules: data is no longer forgiven when the client must have seen the verdict") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  for (std::uint32_t id = 2; id < 1 + window; ++id) {
    rules.came(file(id, 0));
    rules.sent(stored(id));
  }
  CHECK(rules.came(data{.id = 1, .offset = 0, .count = 1}) == use::throw_away);
  rules.came(file(10, 0));
  rules.sent(stored(10));
  CHECK(refusal(rules, data{.id = 1, .offset = 1, .count = 1}) == "data of 1: there is no such offer");
}

TEST_CASE("upload rules: a verdict before a want leaves no data to come") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.sent(verdict{.id = 1, .code = verdict_code::bad_name, .text = {}});
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: nobody has asked for it");
}

TEST_CASE("upload rules: what has been withdrawn is decided, and has no more data") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.came(withdraw{.id = 1, .reason = "gone"});
  CHECK_FALSE(rules.is_open(1));
  CHECK_FALSE(rules.is_data_due());
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: there is no such offer");
  CHECK(refusal(rules, withdraw{.id = 1, .reason = {}}) == "withdraw 1: there is no such offer");
  CHECK(refusal(rules, withdraw{.id = 2, .reason = {}}) == "withdraw 2: there is no such offer");
}

TEST_CASE("upload rules: answers to what has been withdrawn meanwhile change nothing") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.came(withdraw{.id = 1, .reason = "gone"});
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK_FALSE(rules.is_data_due());
  rules.came(end{});
  CHECK(rules.is_over());
}

TEST_CASE("upload rules: a withdraw can meet a verdict on its way") {
  auto rules = begun();
  rules.came(file(1, 100));
  rules.sent(want{.id = 1, .offset = 0});
  rules.sent(verdict{.id = 1, .code = verdict_code::no_space, .text = {}});
  CHECK(refusal(rules, withdraw{.id = 1, .reason = "gone"}) == "nothing");
  CHECK(refusal(rules, data{.id = 1, .offset = 0, .count = 1}) == "data of 1: nobody has asked for it");
}

TEST_CASE("upload rules: nothing comes after end") {
  auto rules = begun();
  rules.came(end{});
  CHECK(refusal(rules, file(1, 1)) == "offer: after end");
  CHECK(refusal(rules, data{}) == "data: after end");
  CHECK(refusal(rules, withdraw{}) == "withdraw: after end");
  CHECK(refusal(rules, end{}) == "end: after end");
  CHECK(refusal(rules, alive{}) == "alive: after end");
}

TEST_CASE("upload rules: end does not come while data is missing") {
  auto rules = begun();
  rules.came(file(1, 100));
  CHECK(refusal(rules, end{}) == "end: of file 1, 100 bytes have not been sent");
  rules.sent(want{.id = 1, .offset = 40});
  CHECK(refusal(rules, end{}) == "end: of file 1, 60 bytes have not been sent");
  rules.came(directory(2));
  rules.came(file(3, 0));
  CHECK(rules.came(data{.id = 1, .offset = 40, .count = 60}) == use::store);
  CHECK(refusal(rules, end{}) == "nothing");
  CHECK(rules.open() == 3);
}

TEST_CASE("upload rules: a server's own mistakes are found, too") {
  auto rules = begun();
  CHECK_THROWS_AS(rules.sent(stored(1)), std::logic_error);
  rules.came(file(1, 100));
  rules.came(directory(2));
  CHECK_THROWS_AS(rules.sent(want{.id = 1, .offset = 101}), std::logic_error);
  rules.sent(want{.id = 1, .offset = 100});
  CHECK_THROWS_AS(rules.sent(want{.id = 1, .offset = 0}), std::logic_error);
  CHECK_THROWS_AS(rules.sent(want{.id = 2, .offset = 0}), std::logic_error);
  rules.sent(stored(1));
  CHECK_THROWS_AS(rules.sent(stored(1)), std::logic_error);
}

TEST_CASE("number set: it knows what is in it, in whatever order that came") {
  std::mt19937 random(2);
  number_set numbers;
  std::set<std::uint32_t> expected;
  for (int i = 0; i < 2000; ++i) {
    auto const number = static_cast<std::uint32_t>(random() % 1000 + (random() % 2 ? UINT32_MAX - 999 : 0));
    CHECK(numbers.contains(number) == expected.contains(number));
    CHECK(numbers.insert(number) == expected.insert(number).second);
  }
}

TEST_CASE("number set: gaps do not take more and more memory") {
  number_set numbers;
  for (std::uint32_t i = 0; i < 100'000; ++i) CHECK(numbers.insert(i * 2));
  CHECK(numbers.contains(199'998));
  CHECK_FALSE(numbers.contains(0));  // forgotten
}

TEST_CASE(
    "upload rules: the id of an offer that is open or was just decided cannot be used again, however many were used "
    "since") {
  auto rules = begun();
  rules.came(file(0, 100));
  rules.came(file(1'000'000, 100));
  rules.sent(stored(1'000'000));
  for (std::uint32_t i = 1; i != 5000; ++i) {  // with gaps, so that the first ids are forgotten
    rules.came(file(2 * i, 100));
    rules.came(withdraw{.id = 2 * i, .reason = {}});
  }
  CHECK(refusal(rules, file(0, 100)) == "offer 0: the id is used already");
  CHECK(refusal(rules, file(1'000'000, 100)) == "offer 1000000: the id is used already");
}
