// A guard for objects that only one task at a time may use.
#pragma once

#include <stdexcept>

namespace strait::detail {

/// Sets `flag` during its lifetime. Throws `std::logic_error(message)` if it is set already.
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
