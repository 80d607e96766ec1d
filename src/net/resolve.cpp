// Names into endpoints, by getaddrinfo on the thread pool.
#include "strait/net/resolve.hpp"

#include <cerrno>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "core/loop.hpp"
#include "core/thread_pool.hpp"
#include "strait/base/error.hpp"

namespace strait {
namespace {

// getaddrinfo would take an empty service for port 0, and a number past 65535 for its last 16 bits.
bool is_bad_port(std::string const& service) noexcept {
  if (service.find_first_not_of("0123456789") != service.npos) return false;
  auto const first = service.find_first_not_of('0');
  return service.empty() || (first != service.npos && (service.size() - first > 5 || std::stoul(service) > 65535));
}

std::vector<endpoint> look_up(std::string const& host, std::string const& service) {
  if (is_bad_port(service))
    throw error(std::make_error_code(std::errc::invalid_argument), fmt::format("resolve {}:{}", host, service),
                "its port is not a number from 0 to 65535");
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
      case EAI_AGAIN:
        throw error(errc::host_not_found, context, "host not found: the name server does not answer just now");
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

/// A look-up under way. It cannot be interrupted, so a canceled task leaves it behind: it is shared with the pool's
/// thread.
struct look_up_state {
  std::string host;
  std::string service;
  std::vector<endpoint> found;
  std::exception_ptr failure;
  std::mutex mutex;
  detail::work* waiting = nullptr;  // null once nobody waits; then `loop` may be gone
  detail::loop* loop = nullptr;
};

class look_up_job final : public detail::pool_item {
 public:
  explicit look_up_job(std::shared_ptr<look_up_state> state) noexcept : state_(std::move(state)) {}
  void call() noexcept override {
    try {
      state_->found = look_up(state_->host, state_->service);
    } catch (...) {
      state_->failure = std::current_exception();
    }
  }
  void complete() noexcept override {
    {
      std::lock_guard const lock(state_->mutex);
      if (state_->waiting) state_->loop->post(*std::exchange(state_->waiting, nullptr));
    }
    delete this;
  }

 private:
  std::shared_ptr<look_up_state> state_;
};

class look_up_operation final : public detail::operation {
 public:
  using await_result = std::vector<endpoint>;
  look_up_operation(std::string host, std::string service) : state_(std::make_shared<look_up_state>()) {
    state_->host = std::move(host);
    state_->service = std::move(service);
  }
  ~look_up_operation() { leave(); }
  auto operator co_await() noexcept { return detail::awaiter_reference(*this); }

  static constexpr bool await_ready() noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) {
    auto& where = self.promise().current_branch();
    canceled_ = where.is_canceled();
    if (canceled_) return false;
    state_->waiting = this;
    state_->loop = &detail::loop_of(where.core());
    auto* const job = new look_up_job(state_);
    suspend(where, self);
    detail::thread_pool::instance().submit(*job);
    return true;
  }
  std::vector<endpoint> await_resume() {
    if (canceled_) throw canceled();
    // Taken out of what is shared: ThreadSanitizer does not see the count of references in an exception_ptr.
    if (state_->failure) std::rethrow_exception(std::exchange(state_->failure, nullptr));
    return std::move(state_->found);
  }

 private:
  bool leave() noexcept {
    std::lock_guard const lock(state_->mutex);
    return std::exchange(state_->waiting, nullptr) != nullptr;
  }
  void cancel() noexcept override {
    if (!leave()) return;  // the answer is on its way
    canceled_ = true;
    resume_soon();
  }
  std::shared_ptr<look_up_state> state_;
  bool canceled_ = false;
};

task<std::vector<endpoint>> resolve_names(std::string host, std::string service) {
  look_up_operation look_up(std::move(host), std::move(service));
  co_return co_await look_up;
}

task<std::vector<endpoint>> resolve_text(std::string text) {
  auto const colon = text.rfind(':');
  if (colon == text.npos || colon == 0 || colon + 1 == text.size() || text.back() == ']')
    throw error(std::make_error_code(std::errc::invalid_argument), fmt::format("resolve \"{}\"", text),
                "not of the form host:port");
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  co_return co_await resolve_names(std::move(host), text.substr(colon + 1));
}

}  // namespace

task<std::vector<endpoint>> resolve(std::string_view host, std::string_view service) {
  return resolve_names(std::string(host), std::string(service));
}

task<std::vector<endpoint>> resolve(std::string_view host_and_port) { return resolve_text(std::string(host_and_port)); }

}  // namespace strait
