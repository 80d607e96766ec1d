#include "chat.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "catch.hpp"

namespace {

constexpr std::size_t many_bytes = 1'000'000;
constexpr text_limits roomy{100, many_bytes};
constexpr text_limits history_of(std::size_t messages) { return {messages, many_bytes}; }

/// What `who` has been told since the last time, without the ends of lines.
std::vector<std::string> told(member& who) {
  std::vector<std::string> lines;
  while (auto const next = who.queue().try_receive()) lines.push_back((*next)->substr(0, (*next)->size() - 1));
  return lines;
}

using lines = std::vector<std::string>;

/// Somebody who has come to the lobby, and has seen who is there.
struct guest : member {
  guest(chat& all, std::string_view name, text_limits queue = roomy) : member(all, queue) {
    all.name(*this, name, "lobby");
    told(*this);
  }
};

}  // namespace

TEST_CASE("chat: who says something is heard by all in the room, and by nobody elsewhere") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  all.move(carol, "tea");
  for (auto* each : {&alice, &bob, &carol}) told(*each);
  all.say(alice, "hello");
  CHECK(told(alice) == lines{"alice: hello"});
  CHECK(told(bob) == lines{"alice: hello"});
  CHECK(told(carol).empty());
}

TEST_CASE("chat: what is said is kept once, however many hear it") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) told(*each);
  all.say(alice, "hello");
  auto const first = alice.queue().try_receive();
  auto const second = bob.queue().try_receive();
  CHECK(first->get() == second->get());
}

TEST_CASE("chat: who comes is told who is there, and the others are told who comes") {
  chat all(history_of(0));
  member alice(all, roomy), bob(all, roomy);
  all.name(alice, "alice", "lobby");
  CHECK(told(alice) == lines{"* you are alice", "* you are in lobby, alone"});
  all.name(bob, "Bob", "LOBBY");
  CHECK(told(bob) == lines{"* you are Bob", "* you are in lobby, with alice"});
  CHECK(told(alice) == lines{"* Bob has come"});
}

TEST_CASE("chat: who comes hears the last of what was said before") {
  chat all(history_of(2));
  guest alice(all, "alice");
  for (auto const* text : {"one", "two", "three"}) all.say(alice, text);
  member bob(all, roomy);
  all.name(bob, "bob", "lobby");
  CHECK(told(bob) == lines{"* you are bob", "alice: two", "alice: three", "* you are in lobby, with alice"});
}

TEST_CASE("chat: a name belongs to one person, in whatever case it is written") {
  chat all(history_of(0));
  guest alice(all, "alice");
  member other(all, roomy);
  CHECK_FALSE(all.name(other, "ALICE", "lobby"));
  CHECK(other.where() == nullptr);
  CHECK(told(other).empty());
  CHECK(told(alice).empty());
}

TEST_CASE("chat: who takes another name is known by it, and leaves the former one to others") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob");
  told(alice);
  CHECK(all.name(alice, "Alicia", "lobby"));
  CHECK(told(bob) == lines{"* alice is now Alicia"});
  CHECK(told(alice) == lines{"* alice is now Alicia"});
  CHECK(all.name(bob, "alice", "lobby"));
  CHECK(all.say_to("alicia", bob, "hello"));
  CHECK(told(alice) == lines{"* bob is now alice", "alice to you: hello"});
}

TEST_CASE("chat: one's own name may be written otherwise") {
  chat all(history_of(0));
  guest alice(all, "alice");
  CHECK(all.name(alice, "Alice", "lobby"));
  CHECK(told(alice) == lines{"* alice is now Alice"});
  CHECK_FALSE(all.name(*std::make_unique<member>(all, roomy), "alice", "lobby"));
}

TEST_CASE("chat: who leaves is missed by the room, and the name is free") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob");
  all.leave(bob, "connection lost");
  all.leave(bob, "and again");
  CHECK(told(alice) == lines{"* bob has come", "* bob has left: connection lost"});
  CHECK(told(bob).empty());
  CHECK(all.name(alice, "bob", "lobby"));
}

TEST_CASE("chat: who goes to another room says goodbye to one and hello to the other") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  all.move(bob, "tea");
  for (auto* each : {&alice, &bob, &carol}) told(*each);
  all.move(carol, "TEA");
  CHECK(told(alice) == lines{"* carol has gone to TEA"});
  CHECK(told(bob) == lines{"* carol has come"});
  CHECK(told(carol) == lines{"* you are in tea, with bob"});
  all.move(carol, "Tea");
  CHECK(told(carol) == lines{"* you are in tea"});
  CHECK(told(bob).empty());
}

TEST_CASE("chat: a room and what was said in it end with the last one to leave") {
  chat all(history_of(100));
  guest alice(all, "alice"), bob(all, "bob");
  all.move(alice, "tea");
  CHECK(all.rooms() == "lobby (1), tea (1)");
  all.say(alice, "forget this");
  all.move(alice, "lobby");
  CHECK(all.rooms() == "lobby (2)");
  told(alice);
  all.move(alice, "tea");
  CHECK(told(alice) == lines{"* you are in tea, alone"});
}

TEST_CASE("chat: a word to one person is heard by nobody else") {
  chat all(history_of(100));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) told(*each);
  CHECK(all.say_to("BOB", alice, "psst"));
  CHECK(told(alice) == lines{"you to bob: psst"});
  CHECK(told(bob) == lines{"alice to you: psst"});
  CHECK(told(carol).empty());
  CHECK_FALSE(all.say_to("nobody", alice, "psst"));
}

TEST_CASE("chat: whose queue is full is dropped, and nobody else") {
  chat all(history_of(0));
  guest alice(all, "alice"), slow(all, "slow", {4, many_bytes});
  told(alice);
  for (int i = 0; i != 4; ++i) all.say(alice, fmt::format("{}", i));
  CHECK_FALSE(slow.connection().is_canceled());
  all.say(alice, "4");
  CHECK(slow.connection().is_canceled());
  CHECK_FALSE(alice.connection().is_canceled());
  CHECK(told(alice) == lines{"alice: 0", "alice: 1", "alice: 2", "alice: 3", "alice: 4"});
}

TEST_CASE("chat: a queue that would hold too many bytes drops its member, and nobody else") {
  chat all(history_of(0));
  guest alice(all, "alice"), slow(all, "slow", {100, 64});
  told(alice);
  all.say(alice, std::string(56, 'x'));  // 64 bytes with the name and the end of the line
  CHECK_FALSE(slow.connection().is_canceled());
  CHECK(told(slow).size() == 1);
  all.say(alice, std::string(50, 'x'));
  CHECK_FALSE(slow.connection().is_canceled());
  all.say(alice, "");
  CHECK(slow.connection().is_canceled());
  CHECK_FALSE(alice.connection().is_canceled());
}

TEST_CASE("chat: a history is bounded in bytes, too") {
  chat all({100, 40});
  guest alice(all, "alice");
  for (auto const* text : {"one", "two", "three", "four"}) all.say(alice, text);
  member bob(all, roomy);
  all.name(bob, "bob", "lobby");
  CHECK(told(bob) ==
        lines{"* you are bob", "alice: two", "alice: three", "alice: four", "* you are in lobby, with alice"});
  all.say(alice, std::string(100, 'x'));
  guest carol(all, "carol");
  member dave(all, roomy);
  all.name(dave, "dave", "lobby");
  CHECK(told(dave) == lines{"* you are dave", "* you are in lobby, with alice, bob and carol"});
}

TEST_CASE("chat: people are listed in alphabetical order, by the names that they have now") {
  chat all(history_of(0));
  guest bob(all, "bob"), alice(all, "Alice"), carol(all, "carol");
  CHECK(alice.where()->names() == "Alice, bob and carol");
  CHECK(all.name(alice, "Dora", "lobby"));
  CHECK(alice.where()->names() == "bob, carol and Dora");
  CHECK(alice.where()->names(&carol) == "bob and Dora");
  all.leave(alice);
  CHECK(bob.where()->names() == "bob and carol");
}

TEST_CASE("chat: who is connected is told the end, with or without a name, and nothing after that") {
  chat all(history_of(0));
  member stranger(all, roomy);
  guest alice(all, "alice"), bob(all, "bob");
  told(alice);
  all.end();
  all.end();
  all.leave(bob);
  for (auto* each : {&stranger, static_cast<member*>(&alice)}) {
    CHECK(told(*each) == lines{"* bye: the server ends"});
    CHECK(each->queue().is_closed());
    CHECK_FALSE(each->connection().is_canceled());
  }
}

TEST_CASE("chat: whose member ends without a word is gone from the chat") {
  chat all(history_of(0));
  guest alice(all, "alice");
  { guest bob(all, "bob"); }
  told(alice);
  all.say(alice, "still here?");
  CHECK(all.rooms() == "lobby (1)");
  CHECK(all.name(alice, "bob", "lobby"));
}

TEST_CASE("chat: of many people, a hundred are named") {
  chat all(history_of(0));
  std::vector<std::unique_ptr<guest>> crowd;
  for (int i = 0; i != 150; ++i)
    crowd.push_back(std::make_unique<guest>(all, fmt::format("guest{:03}", i), text_limits{200, many_bytes}));
  auto const names = crowd.front()->where()->names();
  CHECK(names.starts_with("guest000, guest001, "));
  CHECK(names.ends_with("guest099 and 50 more"));
  CHECK(crowd.front()->where()->names(crowd.front().get()).ends_with("guest100 and 49 more"));
}

TEST_CASE("chat: listing the people of a large room takes no longer than listing a hundred") {
  chat all(history_of(0));
  std::vector<std::unique_ptr<guest>> crowd;
  auto const grow_to = [&](std::size_t size) {
    while (crowd.size() < size)
      crowd.push_back(std::make_unique<guest>(all, fmt::format("guest{:05}", crowd.size()), text_limits{1, 1}));
  };
  auto const time_to_list = [&] {
    auto least = std::chrono::steady_clock::duration::max();
    for (int i = 0; i != 50; ++i) {
      auto const begin = std::chrono::steady_clock::now();
      auto const names = crowd.front()->where()->names();
      least = std::min(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
  };
  grow_to(101);
  auto const small = time_to_list();
  grow_to(3000);
  CHECK(time_to_list() < 4 * small);
}
