// The bridge to Asio: the loop's context, tasks that await Asio operations, and tasks that run beside the main task.
#include "strait/interop/asio.hpp"

#include <cstdlib>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>

#include <cxxabi.h>

#include "core/loop.hpp"
#include "engine/asio/asio_engine.hpp"

namespace strait::detail {
namespace {

asio::io_context& context_of(loop& of) {
  auto* const engine = dynamic_cast<engine::on_program_asio::asio_engine*>(&of.engine());
  if (!engine)
    throw std::logic_error(
        "strait: this event_loop runs on the library's own copy of Asio: it was created before the code that includes "
        "strait/interop/asio.hpp was initialized");
  return engine->context();
}

/// Returns "async_receive" for "asio::basic_stream_socket<…>::initiate_async_receive". Asio's initiations of overloads
/// have suffixes, which are removed.
std::string name_of(std::type_info const& initiation) {
  std::string found = "an Asio operation";
  int status = -1;
  char* const demangled = abi::__cxa_demangle(initiation.name(), nullptr, nullptr, &status);
  std::string_view const name = demangled ? demangled : "";
  constexpr std::string_view prefix = "initiate_async_";
  if (auto const begin = name.find(prefix); begin != name.npos) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_0123456789";
    auto const end = name.find_first_not_of(letters, begin);
    found = name.substr(begin, end - begin).substr(std::string_view("initiate_").size());
    for (char const* overload : {"_buffer_sequence", "_dynbuf", "_delim", "_match", "_expr"})
      found = found.substr(0, found.find(overload));
  }
  std::free(demangled);
  return found;
}

/// A task that runs beside the loop's main task. It is destroyed when it has ended, or with the loop.
class guest final : public main_branch, private loop_user, public recycled {
 public:
  guest(loop& on, task<> what)
      : main_branch(on, *task_access::promise_of(what), task_access::handle_of(what)), what_(std::move(what)) {
    on.users().push_back(*this);
  }
  ~guest() override { drop_tasks(); }

 private:
  void finished() noexcept override { delete this; }
  void loop_ended() noexcept override { delete this; }
  task<> what_;
};

}  // namespace

void use_program_asio(asio_build) noexcept { engine::set_engine_maker(&engine::on_program_asio::make_engine); }

asio::io_context& asio_context_of(loop_core const& loop, asio_build) {
  return context_of(loop_of(const_cast<loop_core&>(loop)));
}
asio::io_context& asio_context_of(event_loop const& loop, asio_build) { return context_of(loop_of(loop)); }

void run_beside(event_loop& on, task<> what) {
  auto* const begun = new guest(loop_of(on), std::move(what));
  begun->start();
}

void asio_link::request_cancel() {
  ++users_;
  signal_.emit(asio::cancellation_type::all);
  release();
}

void asio_link::handler_destroyed() noexcept {
  if (waiting_) std::exchange(waiting_, nullptr)->ended();
  release();
}

asio_link* asio_wait::begin(branch& where, asio_build build) {
  is_canceled_ = where.is_canceled();
  if (!is_canceled_) link_ = new asio_link(*this, asio_context_of(where.core(), build));
  return link_;
}

bool asio_wait::wait(branch& where, std::coroutine_handle<> self) noexcept {
  if (!link_) return where.completed_at_once(self);
  suspend(where, self);
  if (where.is_canceled()) {  // by code that the initiation called
    where.waiting_ = nullptr;
    cancel();
  }
  return true;
}

// The handler may be called from within a coroutine, or from a scope that is being canceled, so the task is not resumed
// here but in the loop's next turn.
void asio_wait::ended() noexcept {
  link_ = nullptr;
  if (is_waiting()) resume_soon();
}

// `all` includes every type of cancellation; most operations support only `terminal`.
void asio_wait::cancel() noexcept {
  is_canceled_ = true;
  link_->request_cancel();
}

void asio_wait::drop() noexcept {
  link_->waiting_ = nullptr;
  std::exchange(link_, nullptr)->request_cancel();
}

// In Asio's category, operation_aborted does not compare equal to operation_canceled.
bool asio_wait::is_cancel(std::error_code code) const noexcept {
  return is_canceled_ && (code == asio::error::operation_aborted || code == std::errc::operation_canceled);
}

void asio_wait::fail() const {
  if (is_canceled_) throw canceled();
  fail(std::make_error_code(std::future_errc::broken_promise), 0);
}

void asio_wait::fail(std::error_code code, std::size_t moved) const {
  if (is_cancel(code)) throw canceled(moved);
  throw error(code, description_ ? description_ : name_of(initiation_), moved);
}

void asio_wait::fail(std::exception_ptr const& failure, std::size_t moved) const {
  try {
    std::rethrow_exception(failure);
  } catch (std::system_error const& e) {
    if (is_cancel(e.code())) throw canceled(moved);
    throw;
  }
}

}  // namespace strait::detail
