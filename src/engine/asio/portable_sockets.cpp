// portable_sockets: uses only Asio's public interface. Slower than `reactor_sockets`, and works wherever Asio supports
// POSIX.
#include "engine/asio/sockets.hpp"

#if !defined(STRAIT_HAS_REACTOR_SOCKETS)

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "engine/attempt.hpp"

namespace strait::engine::STRAIT_ASIO_ENGINE {
namespace {

class portable_socket final : public socket, public detail::list_hook<portable_socket> {
  using operation = detail::io_operation;
  using stream_descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

 public:
  portable_socket(asio_engine& engine, int descriptor) : socket(descriptor), engine_(engine) {
    stream_.emplace(engine.context(), descriptor);
    try {
      stream_->native_non_blocking(true);
    } catch (...) {
      static_cast<void>(stream_->release());  // the caller keeps the descriptor
      throw;
    }
  }

  bool start(operation& what) noexcept override {
    direction& way = way_of(what);
    // Asio itself tries a read first. Trying before that is worthwhile only if the last read may have left data.
    bool const is_worth_it =
        what.what_ != operation::kind::connect && (what.what_ != operation::kind::read || way.may_have_more);
    if (is_worth_it && try_now(way, what)) return true;
    way.pending = &what;
    way.is_canceled = false;
    if (!way.is_waiting) wait(way);
    return false;
  }

  // Asio cancels both directions; in `resume`, the other direction waits again.
  void cancel(operation& what) noexcept override {
    direction& way = way_of(what);
    if (way.pending != &what) return;
    way.is_canceled = true;
    interrupt();
  }

  bool abandon(operation& what) noexcept override {
    direction& way = way_of(what);
    if (way.pending != &what) return false;
    way.pending = nullptr;
    interrupt();
    return true;
  }

  void close() noexcept override {
    for (direction* way : {&in_, &out_})
      if (operation* const pending = std::exchange(way->pending, nullptr)) {
        pending->error_ = EBADF;
        engine_.owner().ready(*pending);
      }
    asio::error_code ignored;
    stream_->close(ignored);
    retire();
  }

  int release() noexcept override {
    int const descriptor = stream_->release();
    retire();
    return descriptor;
  }

  /// Called before the context is destroyed; it destroys the handlers that refer to this socket.
  void context_ends() noexcept { stream_.reset(); }

 private:
  struct direction {
    operation* pending = nullptr;
    bool is_waiting = false;  // Asio has a handler
    bool is_canceled = false;
    bool may_have_more = true;
    handler_memory memory;
  };

  direction& way_of(operation const& what) noexcept { return what.is_output() ? out_ : in_; }

  bool try_now(direction& way, operation& what) noexcept {
    attempt_outcome const outcome = attempt(descriptor_, what);
    way.may_have_more = outcome == attempt_outcome::ended;
    return outcome != attempt_outcome::would_block;
  }

  // Asio has at most one handler per direction, for which memory is reserved.
  void wait(direction& way) noexcept {
    way.is_waiting = true;
    if (way.pending->what_ == operation::kind::read) {
      auto const& buffer = way.pending->buffer_;
      auto const into = asio::buffer(const_cast<void*>(buffer.data()), buffer.size());
      auto const read = [this](asio::error_code const& error, std::size_t moved) { resume(in_, error, moved); };
      stream_->async_read_some(into, reserved_handler(way.memory, read));
    } else {
      auto const what = &way == &in_ ? stream_descriptor::wait_read : stream_descriptor::wait_write;
      auto const waited = [this, &way](asio::error_code const& error) { resume(way, error, 0); };
      stream_->async_wait(what, reserved_handler(way.memory, waited));
    }
  }

  void resume(direction& way, asio::error_code const& error, std::size_t moved) noexcept {
    way.is_waiting = false;
    if (is_closed_) {
      retire();
      return;
    }
    if (!way.pending) return;
    if (!has_ended(way, error, moved)) {
      if (!way.is_canceled) {
        wait(way);
        return;
      }
      way.pending->error_ = ECANCELED;
      way.pending->moved_ = 0;
    }
    std::exchange(way.pending, nullptr)->io_done();
  }

  // Takes the result of Asio's read; for other operations, makes an attempt. Returns false if it would block.
  bool has_ended(direction& way, asio::error_code const& error, std::size_t moved) noexcept {
    operation& what = *way.pending;
    bool const is_end = error == asio::error::eof;
    if (what.what_ != operation::kind::read || error == asio::error::operation_aborted) return try_now(way, what);
    what.error_ = error && !is_end ? error.value() : 0;
    what.moved_ = moved;
    way.may_have_more = moved == what.buffer_.size();
    return true;
  }

  void interrupt() noexcept {
    asio::error_code ignored;
    stream_->cancel(ignored);
  }

  // Asio calls the handler of each wait, also of a closed socket. The last handler deletes the socket.
  void retire() noexcept {
    is_closed_ = true;
    if (!in_.is_waiting && !out_.is_waiting) delete this;
  }

  asio_engine& engine_;
  std::optional<stream_descriptor> stream_;
  direction in_;
  direction out_;
  bool is_closed_ = false;
};

class portable_sockets final : public asio_engine::socket_maker {
 public:
  explicit portable_sockets(asio_engine& engine) : engine_(engine) {}
  // Deletes the sockets whose handlers the context has not called.
  ~portable_sockets() override {
    while (portable_socket* const each = all_.front()) delete each;
  }
  void context_ends() noexcept override {
    for (auto* each = all_.front(); each; each = all_.next(*each)) each->context_ends();
  }
  // Asio itself checks whether there is more data, so the meaning of a short read is not needed.
  socket& attach(int descriptor, short_read) override {
    try {
      auto* const made = new portable_socket(engine_, descriptor);
      all_.push_back(*made);
      return *made;
    } catch (std::system_error const& e) {  // with Asio's own category for the same error numbers
      throw std::system_error(e.code().value(), std::generic_category(), "watch");
    }
  }

 private:
  asio_engine& engine_;
  detail::intrusive_list<portable_socket> all_;
};

}  // namespace

std::unique_ptr<asio_engine::socket_maker> make_portable_sockets(asio_engine& engine) {
  return std::make_unique<portable_sockets>(engine);
}

}  // namespace strait::engine::STRAIT_ASIO_ENGINE

#endif
