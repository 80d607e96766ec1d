// duplex: the buffers of both directions, and the operations that wait on them.
#include "strait/io/duplex.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "strait/base/error.hpp"

namespace strait {
namespace detail {
namespace {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
std::uint64_t next_random(std::uint64_t& state) noexcept {
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

}  // namespace

/// One direction: a ring buffer, and the operations that wait at either end of it.
class duplex_direction {
 public:
  duplex_direction(duplex_options const& options, std::uint64_t seed)
      : capacity_(std::max<std::size_t>(options.capacity, 1)),
        max_chunk_(std::max<std::size_t>(options.max_chunk, 1)),
        random_(seed),
        bytes_(std::make_unique<char[]>(capacity_)) {
    if (random_ != 0 && max_chunk_ == SIZE_MAX) max_chunk_ = 64;
  }

  duplex_awaiter*& place_of(duplex_awaiter const& operation) noexcept {
    return operation.is_write_ ? writer_ : reader_;
  }

  /// Transfers what `operation` can, and continues the other side. Returns false if `operation` must wait.
  bool advance(duplex_awaiter& operation) noexcept;

  void end_of_writing() noexcept {
    is_ended_ = true;
    if (writer_) finish(*writer_);
    if (reader_) finish(*reader_);
  }
  void end_of_reading() noexcept {
    is_abandoned_ = true;
    size_ = 0;
    if (writer_) finish(*writer_);
  }
  /// The stream at the reading (writing) end has been closed.
  void reader_closed() noexcept {
    if (reader_) std::exchange(reader_, nullptr)->end(duplex_awaiter::ending::closed);
    end_of_reading();
  }
  void writer_closed() noexcept {
    if (writer_) std::exchange(writer_, nullptr)->end(duplex_awaiter::ending::closed);
    end_of_writing();
  }

 private:
  /// The maximum number of bytes of the next transfer.
  std::size_t next_chunk() noexcept {
    if (random_ == 0) return max_chunk_;
    return 1 + static_cast<std::size_t>(next_random(random_) % max_chunk_);
  }
  bool put_from(duplex_awaiter& writer) noexcept;
  bool get_into(duplex_awaiter& reader) noexcept;
  void finish(duplex_awaiter& waiting) noexcept {
    if (advance_one(waiting)) {
      place_of(waiting) = nullptr;
      waiting.end(waiting.ending_);
    }
  }
  bool advance_one(duplex_awaiter& operation) noexcept {
    return operation.is_write_ ? put_from(operation) : get_into(operation);
  }

  std::size_t const capacity_;
  std::size_t max_chunk_;
  std::uint64_t random_;  // 0: chunks have the maximum size
  std::unique_ptr<char[]> bytes_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  bool is_ended_ = false;      // no more data will be written
  bool is_abandoned_ = false;  // no more data will be read
  duplex_awaiter* reader_ = nullptr;
  duplex_awaiter* writer_ = nullptr;
};

/// The state that both ends share; the second one to close deletes it.
class duplex_state {
 public:
  explicit duplex_state(duplex_options const& options)
      : there(options, options.seed), back(options, options.seed == 0 ? 0 : ~options.seed) {}
  duplex_direction there;
  duplex_direction back;
  int ends = 2;
};

bool duplex_direction::advance(duplex_awaiter& operation) noexcept {
  for (;;) {
    auto const before = operation.transferred_;
    bool const done = advance_one(operation);
    if (duplex_awaiter* const other = operation.is_write_ ? reader_ : writer_) finish(*other);
    if (done || operation.transferred_ == before) return done;
  }
}

bool duplex_direction::put_from(duplex_awaiter& writer) noexcept {
  using ending = duplex_awaiter::ending;
  bool const some = writer.how_much_ == duplex_request::amount::some;
  auto limit = some ? next_chunk() : SIZE_MAX;
  while (limit != 0 && writer.transferred_ != writer.wanted_) {
    if (is_abandoned_ || is_ended_) {
      writer.ending_ = ending::peer_closed;
      return true;
    }
    auto const at = (begin_ + size_) % capacity_;
    auto const room = std::min(capacity_ - size_, capacity_ - at);
    auto const n = std::min({limit, room, writer.buffer_.size()});
    if (n == 0) break;
    std::memcpy(&bytes_[at], writer.buffer_.data(), n);
    size_ += n;
    limit -= n;
    writer.moved(n);
  }
  bool const done = writer.transferred_ == writer.wanted_ || (some && writer.transferred_ != 0);
  if (done) writer.ending_ = ending::done;
  return done;
}

bool duplex_direction::get_into(duplex_awaiter& reader) noexcept {
  using ending = duplex_awaiter::ending;
  bool const some = reader.how_much_ == duplex_request::amount::some;
  auto limit = some ? next_chunk() : SIZE_MAX;
  while (limit != 0 && size_ != 0 && reader.transferred_ != reader.wanted_) {
    auto const n = std::min({limit, size_, capacity_ - begin_, reader.buffer_.size()});
    std::memcpy(const_cast<void*>(reader.buffer_.data()), &bytes_[begin_], n);
    begin_ = (begin_ + n) % capacity_;
    size_ -= n;
    limit -= n;
    reader.moved(n);
  }
  if (reader.transferred_ == reader.wanted_ || (some && reader.transferred_ != 0)) reader.ending_ = ending::done;
  else if (is_ended_) reader.ending_ = some ? ending::done : ending::end_of_stream;
  return reader.ending_ != ending::none;
}

duplex_awaiter::duplex_awaiter(duplex_request const& request) noexcept
    : is_write_(request.is_write),
      how_much_(request.how_much),
      direction_(*request.direction),
      buffer_(request.buffer),
      more_(request.more),
      wanted_(request.buffer.size() + total_size(request.more)) {
  moved(0);
}

duplex_awaiter::~duplex_awaiter() {
  if (is_waiting() && ending_ == ending::none) direction_->place_of(*this) = nullptr;
}

void duplex_awaiter::moved(std::size_t size) noexcept {
  transferred_ += size;
  drop_front(buffer_, more_, size);
}

bool duplex_awaiter::start(branch& where, std::coroutine_handle<> self) {
  if (where.is_canceled() || !direction_) {
    ending_ = direction_ ? ending::canceled : ending::closed;
    return where.completed_at_once(self);
  }
  duplex_awaiter*& place = direction_->place_of(*this);
  if (place)
    throw std::logic_error(fmt::format("strait: two {0}s at once on a duplex stream: one task at a time may {0} it",
                                       is_write_ ? "write" : "read"));
  if (wanted_ == 0) {
    ending_ = is_write_ || how_much_ == duplex_request::amount::all ? ending::done : ending::empty_buffer;
    return where.completed_at_once(self);
  }
  bool const others_turn = !where.core().spend(loop_core::operation_cost);
  if (!others_turn && direction_->advance(*this)) return false;
  place = this;
  suspend(where, self);
  is_queued_ = others_turn;
  if (others_turn) run_soon(where.core(), *this);
  return true;
}

/// Either the other tasks have had their turn, or the operation has ended.
void duplex_awaiter::run_work() noexcept {
  is_queued_ = false;
  if (ending_ == ending::none) {
    if (!direction_->advance(*this)) return;
    direction_->place_of(*this) = nullptr;
  }
  resume();
}

void duplex_awaiter::end(ending how) noexcept {
  ending_ = how;
  if (!is_queued_) resume_soon();
}

void duplex_awaiter::cancel() noexcept {
  if (ending_ != ending::none) return;
  direction_->place_of(*this) = nullptr;
  end(ending::canceled);
}

std::size_t duplex_awaiter::await_resume() {
  if (ending_ != ending::done) fail();
  return transferred_;
}

void duplex_awaiter::fail() const {
  if (ending_ == ending::canceled) throw canceled(transferred_);
  if (ending_ == ending::empty_buffer) throw_empty_buffer();
  char const* const doing = is_write_ ? "write to a duplex stream" : "read from a duplex stream";
  if (ending_ == ending::end_of_stream) throw unexpected_end(doing, transferred_, wanted_);
  if (ending_ == ending::closed) throw error(errc::closed, is_write_ ? "write" : "read", transferred_);
  throw error(std::error_code(EPIPE, std::generic_category()), doing, transferred_);
}

}  // namespace detail

duplex_stream::duplex_stream(duplex_stream&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)),
      in_(std::exchange(other.in_, nullptr)),
      out_(std::exchange(other.out_, nullptr)) {}

duplex_stream& duplex_stream::operator=(duplex_stream&& other) noexcept {
  duplex_stream old(std::move(*this));
  state_ = std::exchange(other.state_, nullptr);
  in_ = std::exchange(other.in_, nullptr);
  out_ = std::exchange(other.out_, nullptr);
  return *this;
}

void duplex_stream::shutdown_write() {
  if (!state_) throw error(errc::closed, "shutdown");
  out_->end_of_writing();
}

void duplex_stream::close() noexcept {
  if (!state_) return;
  std::exchange(in_, nullptr)->reader_closed();
  std::exchange(out_, nullptr)->writer_closed();
  auto* const state = std::exchange(state_, nullptr);
  if (--state->ends == 0) delete state;
}

std::pair<duplex_stream, duplex_stream> duplex(duplex_options options) {
  auto* const state = new detail::duplex_state(options);
  duplex_stream first;
  duplex_stream second;
  first.state_ = second.state_ = state;
  first.out_ = second.in_ = &state->there;
  first.in_ = second.out_ = &state->back;
  return {std::move(first), std::move(second)};
}

}  // namespace strait
