// file: a slow disk blocks no loop, and the effect of cancellation.
#include <optional>
#include <string>

#include <sys/ioctl.h>

#include <strait/strait.hpp>

#include "allocation_counter.hpp"
#include "catch.hpp"
#include "core/waiting.hpp"
#include "io/files.hpp"
#include "io/streams.hpp"
#include "net/local_sockets.hpp"

using namespace strait;
using namespace strait::test;

namespace {

/// Keeps all threads of the pool busy until `release`.
class busy_pool {
 public:
  task<> occupy(task_group& group) {
    for (unsigned i = 0; i != thread_pool_size; ++i)
      group.spawn([this]() -> task<> { co_await part_of(slow_.output, 0, 1); });
    co_await turns(5);
  }
  void release() { slow_.feed(std::string(thread_pool_size, 'x')); }

 private:
  pipe_file slow_;
};

}  // namespace

TEST_CASE("a read that waits for the disk does not block the loop", "[threads]") {
  complete([]() -> task<> {
    pipe_file slow;
    auto const ticks = [&]() -> task<> {
      for (int i = 0; i != 10; ++i) co_await sleep_for(1ms);
      slow.feed("x");
    };
    auto const [text, none] = co_await when_all(part_of(slow.output, 0, 1), ticks());
    CHECK(text == "x");
  });
}

TEST_CASE("reads from the page cache let other tasks run") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    bool others_ran = false;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        co_await yield();
        others_ran = true;
      });
      while (!others_ran) {
        auto const part = co_await part_of(book, 0, 5);
        CHECK(part == "hello");
      };
    });
  });
}

#if STRAIT_TESTS_COUNT_ALLOCATIONS

TEST_CASE("in steady state, reads from the page cache allocate nothing") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    char bytes[8];
    auto read = [&]() -> task<> { co_await book.read_at(0, bytes); };
    long const counted = co_await allocations_of(read);
    CHECK(counted == 0);
  });
}
#endif

TEST_CASE("in a canceled scope, every operation on a file ends at once and does nothing") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    char bytes[4];
    co_await ends_at_once(book.read_at(0, bytes));
    co_await ends_at_once(book.read_at(0, mutable_buffer()));
    co_await ends_at_once(book.write_at(0, "x"));
    co_await ends_at_once(book.write_at(0, const_buffer()));
    co_await ends_at_once(book.sync());
    co_await ends_at_once(book.resize(0));
    co_await ends_at_once(book.status());
    co_await ends_at_once(status_of(there.path()));
    co_await ends_at_once(open_file(there.file("new"), to_change));
    CHECK(text_of(there.file("book")) == "hello");
    CHECK_FALSE(exists(there.file("new")));
  });
}

TEST_CASE("a close in a canceled scope still closes the file") {
  temporary_directory const there;
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    auto const before = open_descriptors();
    cancel_scope scope;
    scope.cancel();
    bool const done = co_await scope.run(book.close());
    CHECK_FALSE(done);
    CHECK_FALSE(book.is_open());
    CHECK(open_descriptors() == before - 1);
  });
}

TEST_CASE("a cancel ends a write that no thread has started and the write is never made", "[threads]") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"), to_change);
    busy_pool pool;
    co_await with_task_group([&](task_group& group) -> task<> {
      co_await pool.occupy(group);
      auto const write = [&] { return book.write_at(0, "J"); };
      auto const done = co_await run_and_cancel(write);
      CHECK_FALSE(done);
      pool.release();
    });
    CHECK(text_of(there.file("book")) == "hello");
  });
}

TEST_CASE("bytes in the page cache are read even if all threads of the pool are busy", "[threads]") {
  temporary_directory const there;
  put(there.file("book"), "hello");
  complete([&]() -> task<> {
    auto book = co_await open_file(there.file("book"));
    busy_pool pool;
    co_await with_task_group([&](task_group& group) -> task<> {
      co_await pool.occupy(group);
      auto const part = co_await part_of(book, 0, 100);
      CHECK(part == "hello");
      auto const second_part = co_await part_of(book, 5, 100);
      CHECK(second_part == "");
      pool.release();
    });
  });
}

TEST_CASE("a read that a thread has started is waited for in spite of a cancel, and its bytes are delivered",
          "[threads]") {
  complete([]() -> task<> {
    pipe_file slow;
    cancel_scope scope;
    co_await with_task_group([&](task_group& group) -> task<> {
      group.spawn([&]() -> task<> {
        auto const text = co_await scope.run(part_of(slow.output, 0, 10));
        CHECK(text == "hello");
      });
      // The thread has taken the bytes when the pipe is empty; the cancel comes later.
      slow.feed("hello");
      while (true) {
        int left = 0;
        ::ioctl(slow.output.native_handle(), FIONREAD, &left);
        if (left == 0) break;
        co_await yield();
      }
      scope.cancel();
    });
  });
}

TEST_CASE("cancels may race with reads and no byte is lost", "[threads]") {
  complete([]() -> task<> {
    pipe_file slow;
    for (int i = 0; i != scaled(2000); ++i) {
      cancel_scope scope;
      std::optional<std::string> got;
      co_await with_task_group([&](task_group& group) -> task<> {
        group.spawn([&]() -> task<> { got = co_await scope.run(part_of(slow.output, 0, 10)); });
        co_await turns(i % 4);
        scope.cancel();
        slow.feed("x");
      });
      if (!got) got = co_await part_of(slow.output, 0, 10);
      REQUIRE(got == "x");
    }
  });
}
