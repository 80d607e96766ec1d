// upload_server: receives files; each is stored complete and verified, or not at all.
#include <strait/strait.hpp>

#include <exception>

#include "server/inbox.hpp"
#include "server/upload_server_options.hpp"
#include "server/upload_session.hpp"
#include "serving/log.hpp"
#include "serving/stream_server.hpp"
#include "text/utf8.hpp"

using namespace strait;
using namespace samples::upload;
using samples::log;
using samples::printable;

namespace {

task<> take_uploads(tcp::stream& client, inbox& into, upload_server_options const& options) {
  peer const who(client);
  auto const tell = [&](offer const& what, decision const& became) {
    log(options, "{} {}: {}, {}", who, printable(what.name), to_string(became.code), became.text);
  };
  try {
    co_await into.remove_old_parts();
  } catch (error const& e) {
    log(options, "removing old parts failed: {}", e.what());
  }
  upload_session session(client, into, options.limits, tell);
  co_await session.run();
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = upload_server_options::read(argc, argv);
  std::unique_ptr<inbox> into;
  try {
    into = run(inbox::open(options.folder, options.rules));
  } catch (std::exception const& e) {
    fmt::print(stderr, "upload_server: {}\n", e.what());
    return 1;
  }
  return samples::run_stream_server("upload_server", options,
                                    [&](tcp::stream& client) { return take_uploads(client, *into, options); });
}
