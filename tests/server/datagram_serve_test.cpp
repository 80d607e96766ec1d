// serve for datagrams: requests and replies, the number of concurrent handlers, statistics.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "datagram_servers.hpp"

using namespace strait;
using namespace strait::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a reply is sent to the sender of the request from the socket that received it") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  serve_while(std::move(server), echo, [&]() -> task<> {
    for (std::string const question : {"one", "", "three"}) {
      auto const answer = co_await ask(client, where, question);
      CHECK(answer == question);
    }
  });
}

TEST_CASE("a request contains its bytes and its sender") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [&](udp::request& question) -> task<> {
    CHECK(question.text() == "who am I?");
    CHECK(question.bytes().size() == 9);
    CHECK(question.from() == client.local_endpoint());
    CHECK_FALSE(question.truncated());
    co_await question.reply(question.from().to_string());
  };
  serve_while(std::move(server), handler, [&]() -> task<> {
    auto const answer = co_await ask(client, where, "who am I?");
    CHECK(answer == client.local_endpoint().to_string());
  });
}

TEST_CASE("a reply of several buffers is sent as one datagram") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    const_buffer const parts[]{"<", question.bytes(), ">"};
    co_await question.reply(parts);
  };
  serve_while(std::move(server), handler, [&]() -> task<> {
    auto const answer = co_await ask(client, where, "x");
    CHECK(answer == "<x>");
  });
}

TEST_CASE("a handler may send any number of replies or none") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    for (char const each : question.text()) co_await question.reply(std::string_view(&each, 1));
  };
  auto const statistics = serve_while(std::move(server), handler, [&]() -> task<> {
    for (std::string const question : {"", "abc"}) co_await client.sendto(question, where);
    auto const answers = co_await receive_texts(client, 3);
    CHECK(answers == texts{"a", "b", "c"});
  });
  CHECK(statistics.served == 2);
  CHECK(statistics.replies == 3);
}

TEST_CASE("a handler may return an operation instead of a task") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) { return question.reply(question.bytes()); };
  serve_while(std::move(server), handler, [&]() -> task<> {
    auto const answer = co_await ask(client, where, "no task");
    CHECK(answer == "no task");
  });
}

TEST_CASE("each of many clients receives the answer to its own request") {
  auto server = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    if (question.text().back() % 3 == 0) co_await turns(question.text().back() % 5);
    co_await question.reply(question.bytes());
  };
  auto client = [&](int number) -> task<> {
    auto socket = bound_socket();
    for (int i = 0; i != 20; ++i) {
      auto const question = std::to_string(1000 * number + i);
      auto const answer = co_await ask(socket, where, question);
      CHECK(answer == question);
    }
  };
  auto clients = [&](task_group& group) -> task<> {
    for (int i = 0; i != 50; ++i) group.spawn(client(i));
    co_return;
  };
  auto const statistics = serve_while(std::move(server), handler, [&] { return with_task_group(clients); });
  CHECK(statistics.received == 1000);
  CHECK(statistics.served == 1000);
}

TEST_CASE("a handler that waits does not delay other requests") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  event answers;
  auto handler = [&](udp::request& question) -> task<> {
    if (question.text() == "wait") co_await answers.wait();
    co_await question.reply(question.bytes());
  };
  serve_while(std::move(server), handler, [&]() -> task<> {
    co_await client.sendto("wait", where);
    for (int i = 0; i != 10; ++i) {
      auto const answer = co_await ask(client, where, "now");
      CHECK(answer == "now");
    }
    answers.set();
    auto const answer = co_await receive_text(client);
    CHECK(answer == "wait");
  });
}

TEST_CASE("at most max_handlers handlers run at the same time and later requests wait") {
  auto const most = GENERATE(std::size_t(0), std::size_t(1), std::size_t(3));
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  std::size_t at_work = 0;
  std::size_t most_at_work = 0;
  auto handler = [&](udp::request& question) -> task<> {
    most_at_work = std::max(most_at_work, ++at_work);
    co_await turns(5);
    --at_work;
    co_await question.reply(question.bytes());
  };
  serve_while(std::move(server), handler,
              [&]() -> task<> {
                for (int i = 0; i != 20; ++i) co_await client.sendto("x", where);
                co_await receive_texts(client, 20);
              },
              {.max_handlers = most});
  CHECK(most_at_work == std::max<std::size_t>(most, 1));
}

TEST_CASE("handlers that never wait are run one after another in the order of the datagrams") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  texts sent;
  texts came;
  std::vector<void const*> buffers;
  auto handler = [&](udp::request& question) -> task<> {
    came.emplace_back(question.text());
    buffers.push_back(question.bytes().data());
    co_await question.reply("");
  };
  serve_while(std::move(server), handler, [&]() -> task<> {
    for (int i = 0; i != 200; ++i) {
      sent.push_back(std::to_string(i));
      co_await client.sendto(sent.back(), where);
    }
    co_await receive_texts(client, 200);
  });
  CHECK(came == sent);
  std::sort(buffers.begin(), buffers.end());
  CHECK(std::unique(buffers.begin(), buffers.end()) - buffers.begin() <= 2);
}

TEST_CASE("fault 36: a request that is too long is truncated and flagged") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    co_await question.reply(fmt::format("{} {}", question.text(), question.truncated()));
  };
  auto const statistics = serve_while(std::move(server), handler,
                                      [&]() -> task<> {
                                        auto const cut = co_await ask(client, where, "12345");
                                        auto const whole = co_await ask(client, where, "1234");
                                        CHECK(cut == "1234 true");
                                        CHECK(whole == "1234 false");
                                      },
                                      {.max_datagram_size = 4});
  CHECK(statistics.truncated == 1);
  CHECK(statistics.bytes_received == 8);
}

TEST_CASE("max_datagram_size may be anything from 0 bytes to 64 KiB") {
  auto const longest = GENERATE(std::size_t(0), std::size_t(1), std::size_t(65'507));
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto const question = numbered(1, 65'507);
  serve_while(std::move(server), echo,
              [&]() -> task<> {
                auto const answer = co_await ask(client, where, question);
                CHECK((answer == question.substr(0, longest)));
              },
              {.max_datagram_size = longest});
}

TEST_CASE("fault 39: on_datagram selects which requests are served before a handler starts") {
  auto server = bound_socket();
  auto friendly = bound_socket();
  auto hostile = bound_socket();
  auto const where = server.local_endpoint();
  auto const enemy = hostile.local_endpoint();
  int begun = 0;
  auto handler = [&](udp::request& question) -> task<> {
    ++begun;
    co_await question.reply(question.bytes());
  };
  auto const statistics =
      serve_while(std::move(server), handler,
                  [&]() -> task<> {
                    for (int i = 0; i != 10; ++i) co_await hostile.sendto("flood", where);
                    auto const answer = co_await ask(friendly, where, "hello");
                    CHECK(answer == "hello");
                  },
                  {.on_datagram = [&](udp::request const& datagram) { return datagram.from() != enemy; }});
  CHECK(begun == 1);
  CHECK(statistics.rejected == 10);
  CHECK(statistics.served == 1);
}

TEST_CASE("a datagram is rejected if on_datagram throws") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto const statistics = serve_while(std::move(server), echo,
                                      [&]() -> task<> {
                                        co_await client.sendto("!", where);
                                        auto const answer = co_await ask(client, where, "hello");
                                        CHECK(answer == "hello");
                                      },
                                      {.on_datagram = [](udp::request const& datagram) {
                                        if (datagram.text() == "!") throw std::runtime_error("what is that?");
                                        return true;
                                      }});
  CHECK(statistics.rejected == 1);
}

TEST_CASE("statistics are consistent and can be printed") {
  auto server = bound_socket();
  auto client = bound_socket();
  auto const where = server.local_endpoint();
  auto handler = [](udp::request& question) -> task<> {
    if (question.text() == "fail") throw std::runtime_error("it does");
    co_await question.reply("yes");
  };
  auto const statistics =
      serve_while(std::move(server), handler,
                  [&]() -> task<> {
                    for (auto const* question : {"refuse", "fail", "fail", "answer", "answer"})
                      co_await client.sendto(std::string_view(question), where);
                    co_await receive_texts(client, 2);
                  },
                  {.on_datagram = [](udp::request const& datagram) { return datagram.text() != "refuse"; },
                   .on_error = [](udp::request const&, std::exception_ptr) {}});
  CHECK(statistics.active == 0);
  CHECK(ended(statistics) == statistics.received);
  CHECK(fmt::format("{}", statistics) ==
        "5 received: 2 served, 1 rejected, 2 failed; 2 replies; 26 bytes received, 6 sent");
  CHECK(datagram_statistics{}.to_string() == "0 received; 0 bytes received, 0 sent");
}

TEST_CASE("a server reports the number of running handlers while it runs") {
  auto socket = bound_socket();
  auto client = bound_socket();
  auto const where = socket.local_endpoint();
  event answers;
  udp::server one;
  auto handler = [&](udp::request&) -> task<> { co_await answers.wait(); };
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      for (int i = 0; i != 2; ++i) {
        co_await client.sendto("x", where);
        co_await until([&] { return one.statistics().active == static_cast<std::uint64_t>(i + 1); });
      }
      answers.set();
      co_await until([&] { return one.statistics().served == 2; });
      CHECK(one.statistics().active == 0);
      one.stop();
    };
    co_await when_all(one.serve(std::move(socket), handler), clients());
  });
}

TEST_CASE("a server serves several sockets, and returns the statistics of each and their sum") {
  auto first = bound_socket();
  auto second = bound_socket();
  auto client = bound_socket();
  auto const one = first.local_endpoint();
  auto const other = second.local_endpoint();
  udp::server both;
  complete([&]() -> task<> {
    auto clients = [&]() -> task<> {
      co_await ask(client, one, "1");
      co_await ask(client, other, "2");
      co_await ask(client, other, "3");
      both.stop();
    };
    auto const [of_first, of_second, nothing] =
        co_await when_all(both.serve(std::move(first), echo), both.serve(std::move(second), echo), clients());
    CHECK(of_first.served == 1);
    CHECK(of_second.served == 2);
  });
  CHECK(both.statistics().served == 3);
  CHECK(both.statistics().replies == 3);
}
