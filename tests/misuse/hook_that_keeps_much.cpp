// expect: a hook keeps little, and nothing that must be destroyed
#include <array>

#include <strait/strait.hpp>

strait::serve_options of(std::array<long, 5> const& numbers) {
  return {.on_drain = [numbers] { static_cast<void>(numbers); }};
}
