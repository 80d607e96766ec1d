// The proxy on bare epoll, with splice through a pipe to each direction: the yardstick for bulk.
#include <fcntl.h>

#include "raw_loop.hpp"

namespace {

class transit {
 public:
  transit() {
    check(pipe2(pipe_, O_NONBLOCK | O_CLOEXEC), "pipe2");
    fcntl(pipe_[1], F_SETPIPE_SZ, most);
  }
  transit(transit const&) = delete;
  transit& operator=(transit const&) = delete;
  ~transit() {
    close(pipe_[0]);
    close(pipe_[1]);
  }

  outcome move(int from, int to) {
    if (held_ == 0) {
      auto const taken = splice(from, nullptr, pipe_[1], nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (taken == 0) return outcome::end;
      if (taken < 0) return errno == EAGAIN || errno == EINTR ? outcome::moved : outcome::broken;
      held_ = static_cast<std::size_t>(taken);
    }
    while (held_ > 0) {
      auto const given = splice(pipe_[0], nullptr, to, nullptr, held_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (given < 0) return errno == EAGAIN || errno == EINTR ? outcome::full : outcome::broken;
      held_ -= static_cast<std::size_t>(given);
    }
    return outcome::moved;
  }

 private:
  static constexpr std::size_t most = 256 * 1024;
  int pipe_[2];
  std::size_t held_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return run_raw_proxy<transit>(argc, argv); }
