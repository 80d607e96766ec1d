#include "server/incoming.hpp"

#include <utility>

#include "protocol/file_digest.hpp"

using namespace strait;

namespace samples::upload {

incoming::incoming(offer what, counted_folder::part opened, part_claims::claim claimed)
    : what_(std::move(what)), claim_(std::move(claimed)), part_(std::move(opened)), received_(part_.kept()) {}

task<> incoming::verify() {
  if (part_.kept() != 0 && !has_all()) co_return;
  auto const until = received_;
  co_await add_range(digester_, contents(), verified_, until);
  verified_ = until;
}

}  // namespace samples::upload
