// expect: a hook must be trivially copyable and at most four pointers in size
#include <string>

#include <strait/strait.hpp>

strait::serve_options of(std::string const& name) {
  return {.on_drain = [name] { static_cast<void>(name); }};
}
