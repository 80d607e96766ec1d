// For what one task at a time may use.
#pragma once

#include <stdexcept>

namespace strait::detail {

/// Sets `flag` while it is there. If it is set already, it throws `std::logic_error(message)`.
class in_use {
 public:
  in_use(bool& flag, char const* message) : flag_(flag) {
    if (flag_) throw std::logic_error(message);
    flag_ = true;
  }
  in_use(in_use const&) = delete;
  in_use& operator=(in_use const&) = delete;
  ~in_use() { flag_ = false; }

 private:
  bool& flag_;
};

}  // namespace strait::detail
