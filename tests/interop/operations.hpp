// Asynchronous operations in Asio's style that a test completes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <strait/core/run.hpp>
#include <strait/core/timeout.hpp>
#include <strait/interop/asio_executor.hpp>
#include <strait/interop/use_task.hpp>

#include "catch.hpp"

namespace strait::test {

/// An operation that completes with `results` by a post to `executor`.
template <class Signature, class Token, class Executor, class... Results>
auto async_complete_with(Executor executor, Token&& token, Results... results) {
  return asio::async_initiate<Token, Signature>(
      [executor](auto handler, auto... given) {
        asio::post(executor, [handler = std::move(handler), all = std::make_tuple(std::move(given)...)]() mutable {
          std::apply([&](auto&... each) { std::move(handler)(std::move(each)...); }, all);
        });
      },
      token, std::move(results)...);
}

/// Holds the handler of an operation until the test completes it.
template <class... Results>
class pending {
 public:
  int begun = 0;
  asio::cancellation_type asked = asio::cancellation_type::none;
  std::function<void()> on_cancel;

  template <class Token>
  auto async_wait(Token&& token) {
    return asio::async_initiate<Token, void(Results...)>([this](auto handler) { this->begin(std::move(handler)); },
                                                         token);
  }
  [[nodiscard]] bool is_waiting() const noexcept { return handler_ != nullptr; }
  void complete(Results... results) {
    auto const handler = std::exchange(handler_, nullptr);
    handler->call(std::move(results)...);
  }
  /// Destroys the handler without calling it.
  void forget() { handler_ = nullptr; }

 private:
  struct any_handler {
    virtual ~any_handler() = default;
    virtual void call(Results... results) = 0;
  };
  template <class Handler>
  struct kept final : any_handler {
    explicit kept(Handler from) : handler(std::move(from)) {}
    void call(Results... results) override { std::move(handler)(std::move(results)...); }
    Handler handler;
  };

  template <class Handler>
  void begin(Handler handler) {
    ++begun;
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.assign([this](asio::cancellation_type type) {
        asked = type;
        if (on_cancel) on_cancel();
      });
    handler_ = std::make_unique<kept<Handler>>(std::move(handler));
  }
  std::unique_ptr<any_handler> handler_;
};

/// Runs the task that `main` makes on a new loop, and returns its result. Fails after 20 s.
template <class F>
auto complete(F main) {
  return strait::run([&]() -> decltype(main()) { co_return co_await timeout(std::chrono::seconds(20), main()); });
}

/// The `error` that awaiting `what` throws.
template <awaitable A>
task<error> error_of(A what) {
  std::optional<error> found;
  try {
    static_cast<void>(co_await std::move(what));
  } catch (error const& e) {
    found = e;
  }
  REQUIRE(found);
  co_return *found;
}

}  // namespace strait::test
