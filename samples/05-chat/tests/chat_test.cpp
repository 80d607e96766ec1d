#include "chat.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "catch.hpp"

namespace {

constexpr std::size_t roomy = 100;

/// What `who` has been told since the last time, without the ends of lines.
std::vector<std::string> told(member& who) {
  std::vector<std::string> lines;
  while (auto const next = who.queue().try_receive()) lines.push_back((*next)->substr(0, (*next)->size() - 1));
  return lines;
}

using lines = std::vector<std::string>;

/// Somebody who has come to the lobby, and has seen who is there.
struct guest : member {
  guest(chat& all, std::string_view name, std::size_t queue = roomy) : member(all, queue) {
    all.name(*this, name, "lobby");
    told(*this);
  }
};

}  // namespace

TEST_CASE("chat: who says something is heard by all in the room, and by nobody elsewhere") {
  chat all(0);
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  all.move(carol, "tea");
  for (auto* each : {&alice, &bob, &carol}) told(*each);
  all.say(alice, "hello");
  CHECK(told(alice) == lines{"alice: hello"});
  CHECK(told(bob) == lines{"alice: hello"});
  CHECK(told(carol).empty());
}

TEST_CASE("chat: what is said is kept once, however many hear it") {
  chat all(0);
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) told(*each);
  all.say(alice, "hello");
  auto const first = alice.queue().try_receive();
  auto const second = bob.queue().try_receive();
  CHECK(first->get() == second->get());
}

TEST_CASE("chat: who comes is told who is there, and the others are told who comes") {
  chat all(0);
  member alice(all, roomy), bob(all, roomy);
  all.name(alice, "alice", "lobby");
  CHECK(told(alice) == lines{"* you are alice", "* you are in lobby, alone"});
  all.name(bob, "Bob", "LOBBY");
  CHECK(told(bob) == lines{"* you are Bob", "* you are in lobby, with alice"});
  CHECK(told(alice) == lines{"* Bob has come"});
}

TEST_CASE("chat: who comes hears the last of what was said before") {
  chat all(2);
  guest alice(all, "alice");
  for (auto const* text : {"one", "two", "three"}) all.say(alice, text);
  member bob(all, roomy);
  all.name(bob, "bob", "lobby");
  CHECK(told(bob) == lines{"* you are bob", "alice: two", "alice: three", "* you are in lobby, with alice"});
}

TEST_CASE("chat: a name belongs to one person, in whatever case it is written") {
  chat all(0);
  guest alice(all, "alice");
  member other(all, roomy);
  CHECK_FALSE(all.name(other, "ALICE", "lobby"));
  CHECK(other.where() == nullptr);
  CHECK(told(other).empty());
  CHECK(told(alice).empty());
}

TEST_CASE("chat: who takes another name is known by it, and leaves the former one to others") {
  chat all(0);
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
  chat all(0);
  guest alice(all, "alice");
  CHECK(all.name(alice, "Alice", "lobby"));
  CHECK(told(alice) == lines{"* alice is now Alice"});
  CHECK_FALSE(all.name(*std::make_unique<member>(all, roomy), "alice", "lobby"));
}

TEST_CASE("chat: who leaves is missed by the room, and the name is free") {
  chat all(0);
  guest alice(all, "alice"), bob(all, "bob");
  all.leave(bob, "connection lost");
  all.leave(bob, "and again");
  CHECK(told(alice) == lines{"* bob has come", "* bob has left: connection lost"});
  CHECK(told(bob).empty());
  CHECK(all.name(alice, "bob", "lobby"));
}

TEST_CASE("chat: who goes to another room says goodbye to one and hello to the other") {
  chat all(0);
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
  chat all(roomy);
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
  chat all(roomy);
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) told(*each);
  CHECK(all.say_to("BOB", alice, "psst"));
  CHECK(told(alice) == lines{"you to bob: psst"});
  CHECK(told(bob) == lines{"alice to you: psst"});
  CHECK(told(carol).empty());
  CHECK_FALSE(all.say_to("nobody", alice, "psst"));
}

TEST_CASE("chat: whose queue is full is dropped, and nobody else") {
  chat all(0);
  guest alice(all, "alice"), slow(all, "slow", 4);
  told(alice);
  for (int i = 0; i != 4; ++i) all.say(alice, fmt::format("{}", i));
  CHECK_FALSE(slow.connection().is_canceled());
  all.say(alice, "4");
  CHECK(slow.connection().is_canceled());
  CHECK_FALSE(alice.connection().is_canceled());
  CHECK(told(alice) == lines{"alice: 0", "alice: 1", "alice: 2", "alice: 3", "alice: 4"});
}

TEST_CASE("chat: who is connected is told the end, with or without a name, and nothing after that") {
  chat all(0);
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
  chat all(0);
  guest alice(all, "alice");
  { guest bob(all, "bob"); }
  told(alice);
  all.say(alice, "still here?");
  CHECK(all.rooms() == "lobby (1)");
  CHECK(all.name(alice, "bob", "lobby"));
}

TEST_CASE("chat: of many people, a hundred are named") {
  chat all(0);
  std::vector<std::unique_ptr<guest>> crowd;
  for (int i = 0; i != 150; ++i) crowd.push_back(std::make_unique<guest>(all, fmt::format("guest{:03}", i), 200));
  auto const names = crowd.front()->where()->names();
  CHECK(names.starts_with("guest000, guest001, "));
  CHECK(names.ends_with("guest099 and 50 more"));
}
