// The proxy on plain epoll with splice: the baseline for bulk data. As in HAProxy, a direction has a pipe only while
// the pipe contains data. The pipe that was returned last is the next to be used, since its memory is still in the
// cache.
#include <fcntl.h>

#include <vector>

#include "raw_loop.hpp"

namespace {

constexpr std::size_t most = 256 * 1024;

struct pipe_ends {
  int output = -1;
  int input = -1;
};

std::vector<pipe_ends> idle_pipes;

pipe_ends take_pipe() {
  if (!idle_pipes.empty()) {
    auto const last = idle_pipes.back();
    idle_pipes.pop_back();
    return last;
  }
  int ends[2];
  check(pipe2(ends, O_NONBLOCK | O_CLOEXEC), "pipe2");
  fcntl(ends[1], F_SETPIPE_SZ, most);
  return {ends[0], ends[1]};
}

class transit {
 public:
  transit() = default;
  transit(transit const&) = delete;
  transit& operator=(transit const&) = delete;
  ~transit() {
    if (held_ == 0) return;
    close(pipe_.output);
    close(pipe_.input);
  }

  outcome move(int from, int to) {
    if (held_ == 0) {
      pipe_ends const empty = take_pipe();
      auto const taken = splice(from, nullptr, empty.input, nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      int const error = errno;
      if (taken <= 0) idle_pipes.push_back(empty);
      if (taken == 0) return outcome::end;
      if (taken < 0) return error == EAGAIN || error == EINTR ? outcome::moved : outcome::broken;
      pipe_ = empty;
      held_ = static_cast<std::size_t>(taken);
    }
    while (held_ > 0) {
      auto const given = splice(pipe_.output, nullptr, to, nullptr, held_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (given < 0) return errno == EAGAIN || errno == EINTR ? outcome::full : outcome::broken;
      held_ -= static_cast<std::size_t>(given);
    }
    idle_pipes.push_back(pipe_);
    return outcome::moved;
  }

 private:
  pipe_ends pipe_;
  std::size_t held_ = 0;
};

}  // namespace

int main(int argc, char** argv) { return run_raw_proxy<transit>(argc, argv); }
