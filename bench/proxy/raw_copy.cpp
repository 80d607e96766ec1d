// The proxy on plain epoll with recv and send of up to 16 KiB: the baseline for small messages.
#include "raw_loop.hpp"

namespace {

class transit {
 public:
  outcome move(int from, int to) {
    if (!unsent_.empty()) return send_rest(to);
    static std::array<char, 16 * 1024> buffer;
    auto const received = recv(from, buffer.data(), buffer.size(), 0);
    if (received == 0) return outcome::end;
    if (received < 0) return errno == EAGAIN || errno == EINTR ? outcome::moved : outcome::broken;

    auto const size = static_cast<std::size_t>(received);
    auto const sent = send(to, buffer.data(), size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return outcome::broken;
    auto const done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (done == size) return outcome::moved;
    unsent_.assign(buffer.data() + done, buffer.data() + size);
    return outcome::full;
  }

 private:
  outcome send_rest(int to) {
    auto const sent = send(to, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? outcome::full : outcome::broken;
    unsent_.erase(unsent_.begin(), unsent_.begin() + sent);
    return unsent_.empty() ? outcome::moved : outcome::full;
  }

  std::vector<char> unsent_;  // until it is empty, nothing is read
};

}  // namespace

int main(int argc, char** argv) { return run_raw_proxy<transit>(argc, argv); }
