// Name resolution with getaddrinfo on threads.
#include "strait/net/resolve.hpp"

#include <cerrno>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "base/process_wide.hpp"
#include "core/loop.hpp"
#include "core/thread_pool.hpp"
#include "net/host_and_port.hpp"
#include "strait/base/error.hpp"

namespace strait {
namespace {

std::vector<endpoint> look_up(std::string const& host, std::string const& service) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  int const code = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found);
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(found, &::freeaddrinfo);
  if (code != 0) {
    int const system_code = errno;
    auto const context = fmt::format("resolve {}:{}", host, service);
    switch (code) {
      case EAI_SYSTEM: throw error({system_code, std::generic_category()}, context);
      case EAI_MEMORY: throw std::bad_alloc();
      case EAI_SERVICE: throw error(std::make_error_code(std::errc::invalid_argument), context, "unknown service");
      case EAI_NONAME:
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
      case EAI_NODATA:
#endif
        throw error(errc::host_not_found, context, "host not found");
      case EAI_AGAIN: throw error(errc::host_not_found, context, "temporary failure in name resolution");
      default: throw error(errc::host_not_found, context, ::gai_strerror(code));
    }
  }
  std::vector<endpoint> endpoints;
  for (addrinfo const* each = found; each; each = each->ai_next)
    if (each->ai_family == AF_INET || each->ai_family == AF_INET6)
      endpoints.push_back(endpoint::from_sockaddr(each->ai_addr, each->ai_addrlen));
  if (endpoints.empty()) throw error(errc::host_not_found, fmt::format("resolve {}:{}", host, service));
  return endpoints;
}

// Lookups have threads of their own: while a name server does not answer, each lookup occupies a thread for many
// seconds, and file operations and `on_thread_pool` must not wait for that.
struct look_up_pool : detail::thread_pool {
  look_up_pool() noexcept : thread_pool(max_concurrent_lookups, max_queued_lookups) {}
};
detail::thread_pool& pool() { return detail::process_wide<look_up_pool>::instance(); }

/// A lookup. It cannot be interrupted once a thread has begun it: a canceled task abandons it, so task and pool share
/// its ownership.
class look_up_job final : public detail::pool_item {
 public:
  look_up_job(std::string host, std::string service) : host_(std::move(host)), service_(std::move(service)) {}

  /// Runs `waiting` on `loop` when `job` has ended.
  static void submit(std::shared_ptr<look_up_job> const& job, detail::work& waiting, detail::loop& loop) {
    job->waiting_ = &waiting;
    job->loop_ = &loop;
    job->held_by_pool_ = job;
    try {
      if (pool().submit(*job)) return;
      throw error(std::make_error_code(std::errc::resource_unavailable_try_again),
                  fmt::format("resolve {}:{}", job->host_, job->service_),
                  fmt::format("{} lookups are already waiting", max_queued_lookups));
    } catch (...) {
      job->held_by_pool_.reset();
      throw;
    }
  }

  /// Withdraws the lookup, if no thread has begun it, and detaches the waiting task. Returns false if the task has been
  /// notified already.
  bool withdraw() noexcept {
    if (pool().withdraw(*this)) held_by_pool_.reset();
    std::lock_guard const lock(mutex_);
    return std::exchange(waiting_, nullptr) != nullptr;
  }

  std::vector<endpoint> take() {
    // Moved out of the shared object: ThreadSanitizer does not see the reference count of an exception_ptr.
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return std::move(found_);
  }

 private:
  void call() noexcept override {
    try {
      found_ = look_up(host_, service_);
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  void complete() noexcept override {
    auto const self = std::move(held_by_pool_);
    std::lock_guard const lock(mutex_);
    if (waiting_) loop_->post(*std::exchange(waiting_, nullptr));
  }

  std::string const host_;
  std::string const service_;
  std::vector<endpoint> found_;
  std::exception_ptr failure_;
  std::shared_ptr<look_up_job> held_by_pool_;
  std::mutex mutex_;
  detail::work* waiting_ = nullptr;  // null when no task waits; `loop_` may then be invalid
  detail::loop* loop_ = nullptr;
};

class look_up_operation final : public detail::operation {
 public:
  using await_result = std::vector<endpoint>;
  look_up_operation(std::string host, std::string service)
      : job_(std::make_shared<look_up_job>(std::move(host), std::move(service))) {}
  ~look_up_operation() {
    if (is_waiting()) job_->withdraw();
  }
  auto operator co_await() noexcept { return detail::awaiter_reference(*this); }

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    auto& where = self.promise().current_branch();
    canceled_ = where.is_canceled();
    if (canceled_) return false;
    look_up_job::submit(job_, *this, detail::loop_of(where.core()));
    suspend(where, self);
    return true;
  }
  std::vector<endpoint> await_resume() {
    if (canceled_) throw canceled();
    return job_->take();
  }

 private:
  void cancel() noexcept override {
    if (!job_->withdraw()) return;  // the result is already queued
    canceled_ = true;
    resume_soon();
  }
  std::shared_ptr<look_up_job> job_;
  bool canceled_ = false;
};

error refusal(std::string_view context, std::string_view problem) {
  return {std::make_error_code(std::errc::invalid_argument), context, problem};
}

task<std::vector<endpoint>> resolve_names(std::string host, std::string service) {
  auto const problem = detail::problem_of_names(host, service);
  if (!problem.empty()) throw refusal(fmt::format("resolve {}:{}", host, service), problem);
  if (auto const port = detail::parse_port(service))
    if (auto const numeric = endpoint::from_address(host, *port)) {  // nothing to look up
      if ((co_await detail::this_branch{}).is_canceled()) throw canceled();
      co_return std::vector<endpoint>(1, *numeric);
    }
  look_up_operation look_up(std::move(host), std::move(service));
  co_return co_await look_up;
}

task<std::vector<endpoint>> resolve_text(std::string text) {
  auto const parts = detail::split_host_and_port(text);
  if (!parts.problem.empty()) throw refusal(fmt::format("resolve \"{}\"", text), parts.problem);
  co_return co_await resolve_names(std::string(parts.host), std::string(parts.port));
}

}  // namespace

task<std::vector<endpoint>> resolve(std::string_view host, std::string_view service) {
  return resolve_names(std::string(host), std::string(service));
}

task<std::vector<endpoint>> resolve(std::string_view host_and_port) { return resolve_text(std::string(host_and_port)); }

}  // namespace strait
