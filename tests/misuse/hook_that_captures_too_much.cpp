// expect: a hook must be trivially copyable and at most four pointers in size
#include <array>

#include <strait/strait.hpp>

strait::serve_options of(std::array<long, 5> const& numbers) {
  return {.on_drain = [numbers] { static_cast<void>(numbers); }};
}
