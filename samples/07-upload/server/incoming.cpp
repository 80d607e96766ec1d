#include "server/incoming.hpp"

#include <utility>

#include "protocol/file_digest.hpp"

using namespace strait;

namespace samples::upload {

bool space_account::reserve(std::uint64_t bytes, std::uint64_t most) noexcept {
  auto used = used_.load();
  do {
    if (bytes > most || used > most - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

incoming::incoming(offer what, std::string part_name, file part, std::uint64_t received, part_claims::claim claimed,
                   space_account& space)
    : what_(std::move(what)),
      part_name_(std::move(part_name)),
      claim_(std::move(claimed)),
      part_(std::move(part)),
      received_(received),
      space_(space) {}

incoming::~incoming() {
  if (has_part_) space_.release(what_.size - received_);
}

task<> incoming::verify() {
  auto const until = received_;
  co_await add_range(digester_, part_, verified_, until);
  verified_ = until;
}

void incoming::part_is_gone(std::uint64_t bytes_freed) noexcept {
  has_part_ = false;
  space_.release(bytes_freed);
}

}  // namespace samples::upload
