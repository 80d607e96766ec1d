// upload_client: uploads files and folders to an upload server, and resumes after a connection failure.
#include <strait/strait.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "client/file_list.hpp"
#include "client/outgoing_files.hpp"
#include "client/progress.hpp"
#include "client/stop_signal.hpp"
#include "client/upload_client_options.hpp"
#include "client/upload_conversation.hpp"

using namespace strait;
using namespace std::chrono_literals;
using namespace samples::upload;

namespace {

/// Why a connection ended before the upload was complete.
struct broken_line {
  std::string reason;
  bool is_permanent = false;  // another connection would fail in the same way
};

task<> run_session(upload_client_options const& options, outgoing_files& files, progress& shown) {
  tcp::connect_options limits;
  if (options.timeout.count() > 0) limits.timeout = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
  auto server = co_await tcp::connect(options.host, options.port, limits);
  upload_conversation conversation(server, files, shown, options.timeout);
  co_await conversation.run();
}

/// Uploads over one connection; returns why it failed, if it did.
task<std::optional<broken_line>> try_once(upload_client_options const& options, outgoing_files& files,
                                          progress& shown) {
  std::optional<broken_line> broken;
  try {
    co_await run_session(options, files, shown);
  } catch (error const& e) {
    broken = {.reason = e.what(), .is_permanent = e.code() == errc::host_not_found};
  }
  co_return broken;
}

/// Uploads over as many connections as necessary, until too many in a row make no progress.
task<> deliver(upload_client_options const& options, outgoing_files& files, progress& shown) {
  auto delay = 500ms;
  auto tries_left = options.tries;
  while (!files.are_done()) {
    auto const steps_before = files.steps();
    auto const broken = co_await try_once(options, files, shown);
    if (!broken) co_return;

    if (files.steps() != steps_before) {
      tries_left = options.tries;
      delay = 500ms;
    } else {
      --tries_left;
    }
    bool const is_first = files.steps() == 0 && tries_left + 1 == options.tries;
    if (tries_left == 0 || (broken->is_permanent && is_first))
      throw std::runtime_error(fmt::format("{}; {} of {} {} on the server", broken->reason, files.stored(),
                                           count_text(files.size(), "file"), files.size() == 1 ? "is" : "are"));
    shown.report_error(
        fmt::format("{}; retrying in {} s", broken->reason, std::chrono::duration<double>(delay).count()));
    co_await sleep_for(delay);
    delay = std::min<std::chrono::milliseconds>(2 * delay, 10s);
  }
}

/// Returns whether all files are on the server.
task<> upload(upload_client_options const& options, bool& is_all_there) {
  stop_signal const signals;
  progress shown(options.quiet);
  auto list = co_await list_files(options.files, options.into);
  for (auto const& line : list.errors) shown.report_error(line);

  outgoing_files files(std::move(list.files), shown);
  auto const work = [&](task_group& beside) -> task<> {
    beside.spawn(files.prepare());
    beside.spawn(shown.refresh());
    co_await deliver(options, files, shown);
    beside.cancel();
  };
  try {
    co_await with_task_group(work);
  } catch (canceled const&) {}  // by a signal; the summary is still printed
  shown.end(files.stored());
  is_all_there = files.stored() == files.size() && list.errors.empty();
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = upload_client_options::read(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // prints each stored file at once, also into a pipe
  bool is_all_there = false;
  auto const status = run_main(upload(options, is_all_there));
  if (is_all_there) return 0;
  if (auto const signal = stop_signal::received()) return 128 + signal;
  return status != 0 ? status : 1;
}
