// Descriptors of sockets: making, naming, setting up.
#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "strait/base/error.hpp"
#include "strait/net/endpoint.hpp"

namespace strait::detail {

/// Owns a descriptor.
class unique_descriptor {
 public:
  explicit unique_descriptor(int descriptor = -1) noexcept : value_(descriptor) {}
  unique_descriptor(unique_descriptor&& other) noexcept : value_(other.release()) {}
  unique_descriptor& operator=(unique_descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~unique_descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const noexcept { return value_; }
  [[nodiscard]] int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// An `error` with the system's `code` (an errno).
[[nodiscard]] error system_failure(int code, std::string_view context, std::size_t transferred = 0);

/// A non-blocking TCP socket for addresses like `like`. Throws with `context`.
[[nodiscard]] unique_descriptor open_tcp(endpoint const& like, std::string_view context);

/// Throw with `context`, which says for what the option is wanted.
void set_option(int descriptor, int level, int name, int value, std::string_view context);
[[nodiscard]] int get_option(int descriptor, int level, int name, std::string_view context);
void set_non_blocking(int descriptor, std::string_view context);

[[nodiscard]] endpoint local_endpoint_of(int descriptor);
[[nodiscard]] endpoint remote_endpoint_of(int descriptor, std::string_view context);

}  // namespace strait::detail
