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
constexpr text_limits large_queue{100, many_bytes};
constexpr text_limits history_of(std::size_t messages) { return {messages, many_bytes}; }

/// Removes the messages from the queue of `user` and returns them without their LF.
std::vector<std::string> received(member& user) {
  std::vector<std::string> lines;
  while (auto const next = user.queue().try_receive()) lines.push_back((*next)->substr(0, (*next)->size() - 1));
  return lines;
}

using lines = std::vector<std::string>;

/// A member with a name in the lobby, whose queue is empty.
struct guest : member {
  guest(chat& all, std::string_view name, text_limits queue = large_queue) : member(all, queue) {
    all.set_name(*this, name, "lobby");
    received(*this);
  }
};

}  // namespace

TEST_CASE("chat: a message is sent to all members of the room and to no others") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  all.move(carol, "tea");
  for (auto* each : {&alice, &bob, &carol}) received(*each);
  all.say(alice, "hello");
  CHECK(received(alice) == lines{"alice: hello"});
  CHECK(received(bob) == lines{"alice: hello"});
  CHECK(received(carol).empty());
}

TEST_CASE("chat: all queues share one copy of a message") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) received(*each);
  all.say(alice, "hello");
  auto const first = alice.queue().try_receive();
  auto const second = bob.queue().try_receive();
  CHECK(first->get() == second->get());
}

TEST_CASE("chat: a new member is sent the list of members, and the others are notified") {
  chat all(history_of(0));
  member alice(all, large_queue), bob(all, large_queue);
  all.set_name(alice, "alice", "lobby");
  CHECK(received(alice) == lines{"* you are alice", "* you are in lobby, alone"});
  all.set_name(bob, "Bob", "LOBBY");
  CHECK(received(bob) == lines{"* you are Bob", "* you are in lobby, with alice"});
  CHECK(received(alice) == lines{"* Bob has joined"});
}

TEST_CASE("chat: a new member is sent the last messages of the room") {
  chat all(history_of(2));
  guest alice(all, "alice");
  for (auto const* text : {"one", "two", "three"}) all.say(alice, text);
  member bob(all, large_queue);
  all.set_name(bob, "bob", "lobby");
  CHECK(received(bob) == lines{"* you are bob", "alice: two", "alice: three", "* you are in lobby, with alice"});
}

TEST_CASE("chat: a name cannot be taken twice, whatever its case") {
  chat all(history_of(0));
  guest alice(all, "alice");
  member other(all, large_queue);
  CHECK_FALSE(all.set_name(other, "ALICE", "lobby"));
  CHECK(other.current_room() == nullptr);
  CHECK(received(other).empty());
  CHECK(received(alice).empty());
}

TEST_CASE("chat: a member that changes its name releases the former one") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob");
  received(alice);
  CHECK(all.set_name(alice, "Alicia", "lobby"));
  CHECK(received(bob) == lines{"* alice is now Alicia"});
  CHECK(received(alice) == lines{"* alice is now Alicia"});
  CHECK(all.set_name(bob, "alice", "lobby"));
  CHECK(all.say_privately("alicia", bob, "hello"));
  CHECK(received(alice) == lines{"* bob is now alice", "alice to you: hello"});
}

TEST_CASE("chat: a member may change the case of its name") {
  chat all(history_of(0));
  guest alice(all, "alice");
  CHECK(all.set_name(alice, "Alice", "lobby"));
  CHECK(received(alice) == lines{"* alice is now Alice"});
  CHECK_FALSE(all.set_name(*std::make_unique<member>(all, large_queue), "alice", "lobby"));
}

TEST_CASE("chat: when a member leaves, the room is notified and the name is released") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob");
  all.leave(bob, "connection lost");
  all.leave(bob, "and again");
  CHECK(received(alice) == lines{"* bob has joined", "* bob has left: connection lost"});
  CHECK(received(bob).empty());
  CHECK(all.set_name(alice, "bob", "lobby"));
}

TEST_CASE("chat: when a member moves to another room, both rooms are notified") {
  chat all(history_of(0));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  all.move(bob, "tea");
  for (auto* each : {&alice, &bob, &carol}) received(*each);
  all.move(carol, "TEA");
  CHECK(received(alice) == lines{"* carol has moved to TEA"});
  CHECK(received(bob) == lines{"* carol has joined"});
  CHECK(received(carol) == lines{"* you are in tea, with bob"});
  all.move(carol, "Tea");
  CHECK(received(carol) == lines{"* you are in tea"});
  CHECK(received(bob).empty());
}

TEST_CASE("chat: a room and its history are removed when the last member leaves") {
  chat all(history_of(100));
  guest alice(all, "alice"), bob(all, "bob");
  all.move(alice, "tea");
  CHECK(all.rooms() == "lobby (1), tea (1)");
  all.say(alice, "forget this");
  all.move(alice, "lobby");
  CHECK(all.rooms() == "lobby (2)");
  received(alice);
  all.move(alice, "tea");
  CHECK(received(alice) == lines{"* you are in tea, alone"});
}

TEST_CASE("chat: a private message is sent only to its recipient and its sender") {
  chat all(history_of(100));
  guest alice(all, "alice"), bob(all, "bob"), carol(all, "carol");
  for (auto* each : {&alice, &bob}) received(*each);
  CHECK(all.say_privately("BOB", alice, "psst"));
  CHECK(received(alice) == lines{"you to bob: psst"});
  CHECK(received(bob) == lines{"alice to you: psst"});
  CHECK(received(carol).empty());
  CHECK_FALSE(all.say_privately("nobody", alice, "psst"));
}

TEST_CASE("chat: a member whose queue is full is dropped, and others are not affected") {
  chat all(history_of(0));
  guest alice(all, "alice"), slow(all, "slow", {4, many_bytes});
  received(alice);
  for (int i = 0; i != 4; ++i) all.say(alice, fmt::format("{}", i));
  CHECK_FALSE(slow.connection().is_canceled());
  all.say(alice, "4");
  CHECK(slow.connection().is_canceled());
  CHECK_FALSE(alice.connection().is_canceled());
  CHECK(received(alice) == lines{"alice: 0", "alice: 1", "alice: 2", "alice: 3", "alice: 4"});
}

TEST_CASE("chat: a member whose queue would exceed its size in bytes is dropped, and others are not affected") {
  chat all(history_of(0));
  guest alice(all, "alice"), slow(all, "slow", {100, 64});
  received(alice);
  all.say(alice, std::string(56, 'x'));  // 64 bytes with the name and the LF
  CHECK_FALSE(slow.connection().is_canceled());
  CHECK(received(slow).size() == 1);
  all.say(alice, std::string(50, 'x'));
  CHECK_FALSE(slow.connection().is_canceled());
  all.say(alice, "");
  CHECK(slow.connection().is_canceled());
  CHECK_FALSE(alice.connection().is_canceled());
}

TEST_CASE("chat: a history is limited in bytes") {
  chat all({100, 40});
  guest alice(all, "alice");
  for (auto const* text : {"one", "two", "three", "four"}) all.say(alice, text);
  member bob(all, large_queue);
  all.set_name(bob, "bob", "lobby");
  CHECK(received(bob) ==
        lines{"* you are bob", "alice: two", "alice: three", "alice: four", "* you are in lobby, with alice"});
  all.say(alice, std::string(100, 'x'));
  guest carol(all, "carol");
  member dave(all, large_queue);
  all.set_name(dave, "dave", "lobby");
  CHECK(received(dave) == lines{"* you are dave", "* you are in lobby, with alice, bob and carol"});
}

TEST_CASE("chat: members are listed by their current names in alphabetical order") {
  chat all(history_of(0));
  guest bob(all, "bob"), alice(all, "Alice"), carol(all, "carol");
  CHECK(alice.current_room()->names() == "Alice, bob and carol");
  CHECK(all.set_name(alice, "Dora", "lobby"));
  CHECK(alice.current_room()->names() == "bob, carol and Dora");
  CHECK(alice.current_room()->names(&carol) == "bob and Dora");
  all.leave(alice);
  CHECK(bob.current_room()->names() == "bob and carol");
}

TEST_CASE("chat: shutdown notifies all connections, with or without a name, and closes their queues") {
  chat all(history_of(0));
  member unnamed(all, large_queue);
  guest alice(all, "alice"), bob(all, "bob");
  received(alice);
  all.shut_down();
  all.shut_down();
  all.leave(bob);
  for (auto* each : {&unnamed, static_cast<member*>(&alice)}) {
    CHECK(received(*each) == lines{"* bye: the server is shutting down"});
    CHECK(each->queue().is_closed());
    CHECK_FALSE(each->connection().is_canceled());
  }
}

TEST_CASE("chat: a member that is destroyed is removed from the chat") {
  chat all(history_of(0));
  guest alice(all, "alice");
  { guest bob(all, "bob"); }
  received(alice);
  all.say(alice, "still here?");
  CHECK(all.rooms() == "lobby (1)");
  CHECK(all.set_name(alice, "bob", "lobby"));
}

TEST_CASE("chat: at most 100 names are listed") {
  chat all(history_of(0));
  std::vector<std::unique_ptr<guest>> crowd;
  for (int i = 0; i != 150; ++i)
    crowd.push_back(std::make_unique<guest>(all, fmt::format("guest{:03}", i), text_limits{200, many_bytes}));
  auto const names = crowd.front()->current_room()->names();
  CHECK(names.starts_with("guest000, guest001, "));
  CHECK(names.ends_with("guest099 and 50 more"));
  CHECK(crowd.front()->current_room()->names(crowd.front().get()).ends_with("guest100 and 49 more"));
}

TEST_CASE("chat: listing the members of a large room takes no longer than listing 100") {
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
      auto const names = crowd.front()->current_room()->names();
      least = std::min(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
  };
  grow_to(101);
  auto const small = time_to_list();
  grow_to(3000);
  CHECK(time_to_list() < 4 * small);
}
