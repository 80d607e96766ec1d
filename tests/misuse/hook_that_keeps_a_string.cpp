// expect: a hook keeps little, and nothing that must be destroyed
#include <string>

#include <strait/strait.hpp>

strait::serve_options of(std::string const& name) {
  return {.on_drain = [name] { static_cast<void>(name); }};
}
