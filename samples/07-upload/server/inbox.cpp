#include "server/inbox.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "protocol/file_digest.hpp"
#include "protocol/file_names.hpp"

using namespace strait;

namespace samples::upload {
namespace {

namespace fs = std::filesystem;

constexpr auto between_cleanings = std::chrono::hours(1);
// By then the kernel has written cached data to the disk by itself.
constexpr auto max_unwritten_time = std::chrono::minutes(5);

// In bytes. Reading a file of this size takes about as long as opening it.
constexpr std::uint64_t read_without_turn = 1024 * 1024;

std::int64_t now() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// In the folder of the file, so that the part can be renamed; different for each content, so that an upload is resumed
/// only with the same file.
std::string part_name_of(offer const& what) {
  auto const slash = what.name.rfind('/');
  auto const leaf = slash == what.name.npos ? 0 : slash + 1;
  digester key;
  key.update(const_buffer(what.name.data() + leaf, what.name.size() - leaf));
  key.update(const_buffer(what.digest));
  key.update(const_buffer(&what.size, sizeof what.size));
  return fmt::format("{}{}{}", what.name.substr(0, leaf), reserved_prefix, to_hex(key.value()));
}

}  // namespace

decision refusal_of(std::error_code const& why) {
  if (why == std::errc::no_space_on_device || why == std::errc::file_too_large || why.value() == EDQUOT)
    return {verdict_code::no_space, error(why, "the file cannot be stored").what()};
  if (why == std::errc::not_a_directory || why == std::errc::too_many_symbolic_link_levels ||
      why == std::errc::cross_device_link)
    return {verdict_code::exists, "a part of the path is a file or a symbolic link"};
  if (why == std::errc::is_a_directory || why == std::errc::directory_not_empty)
    return {verdict_code::exists, "a folder with this name exists"};
  return {verdict_code::cannot_store, error(why, "the file cannot be stored").what()};
}

inbox::inbox(directory folder, inbox_rules const& rules) noexcept
    : contents_(std::move(folder), rules.quota),
      rules_(rules),
      next_cleaning_(now() + std::chrono::nanoseconds(between_cleanings).count()) {}

task<std::unique_ptr<inbox>> inbox::open(std::string path, inbox_rules rules) {
  auto const make = [&] {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed && !fs::is_directory(path)) throw error(failed, fmt::format("create {}", path));
  };
  co_await on_thread_pool(make);
  auto folder = co_await open_directory(path);
  std::unique_ptr<inbox> made(new inbox(std::move(folder), rules));
  co_await made->contents_.count(made->oldest_part());
  co_return made;
}

std::chrono::system_clock::time_point inbox::oldest_part() const noexcept {
  using clock = std::chrono::system_clock;
  return clock::now() - std::chrono::duration_cast<clock::duration>(rules_.keep_parts);
}

task<> inbox::remove_old_parts() {
  auto due = next_cleaning_.load();
  auto const next = now() + std::chrono::nanoseconds(between_cleanings).count();
  if (now() < due || !next_cleaning_.compare_exchange_strong(due, next)) co_return;
  co_await contents_.remove_old_parts(oldest_part());
}

task<std::variant<decision, std::unique_ptr<incoming>>> inbox::accept_offer(offer const& what,
                                                                            std::function<void()> on_takeover,
                                                                            mutex& reading) {
  if (auto const wrong = check_name(what.name)) co_return decision{verdict_code::bad_name, *wrong};
  std::error_code failure;
  try {
    if (what.kind == file_kind::directory) co_return co_await create_folder(what.name);
    if (what.size > rules_.max_file_size)
      co_return decision{verdict_code::too_large,
                         fmt::format("{} bytes exceed the limit of {} bytes", what.size, rules_.max_file_size)};
    co_return co_await prepare(what, std::move(on_takeover), reading);
  } catch (over_quota const&) {
    co_return decision{verdict_code::too_large, fmt::format("the quota of {} bytes would be exceeded", rules_.quota)};
  } catch (error const& e) {
    failure = e.code();
  }
  co_return refusal_of(failure);
}

task<decision> inbox::create_folder(std::string const& name) {
  try {
    auto const there = co_await folder().status(name);
    if (!there.is_directory()) co_return decision{verdict_code::exists, "a file with this name exists"};
    if (may_be_unwritten(there)) co_await sync_folders(name);
    co_return decision{verdict_code::already_there, "a folder"};
  } catch (error const& e) {
    if (!is_missing(e)) throw;
  }
  co_await contents_.create_directories(name);
  co_await sync_folders(name);
  co_return decision{verdict_code::stored, "a folder"};
}

task<std::optional<decision>> inbox::compare(offer const& what, mutex& reading) {
  file_status there;
  try {
    there = co_await folder().status(what.name);
  } catch (error const& e) {
    if (is_missing(e)) co_return std::nullopt;
    throw;
  }
  if (there.is_directory()) co_return decision{verdict_code::exists, "a folder with this name exists"};
  if (!there.is_regular())
    co_return decision{verdict_code::exists, "something other than a file exists under this name"};
  if (there.size == what.size) {
    auto old = co_await folder().open_file(what.name);
    if (co_await digest_of(old, there.size, reading) == what.digest) {
      if (may_be_unwritten(there)) {
        co_await old.sync();
        co_await sync_folders(folder_of(what.name));
      }
      co_return decision{verdict_code::already_there, fmt::format("{} bytes", what.size)};
    }
  }
  if (rules_.overwrite == overwrite::never)
    co_return decision{verdict_code::exists, "another file with this name exists"};
  if (rules_.overwrite == overwrite::same_size && there.size != what.size)
    co_return decision{verdict_code::exists,
                       fmt::format("a file with this name and another size, {} bytes, exists", there.size)};
  co_return std::nullopt;
}

task<digest> inbox::digest_of(file& what, std::uint64_t size, mutex& reading) {
  std::optional<digest_cache::version> found;
  mutex::guard turn;
  for (bool has_turn = size <= read_without_turn;; has_turn = true) {
    found = digest_cache::version_of(what);  // again after the wait for the turn: the file may be old enough by then
    if (found)
      if (auto const known = known_.find(*found)) co_return *known;
    if (has_turn) break;
    turn = co_await reading.lock();
  }
  digester contents;
  co_await add_range(contents, what, 0, size);
  if (found && found == digest_cache::version_of(what)) known_.add(*found, contents.value());
  co_return contents.value();
}

task<std::variant<decision, std::unique_ptr<incoming>>> inbox::prepare(offer const& what,
                                                                       std::function<void()> on_takeover,
                                                                       mutex& reading) {
  auto const part_name = part_name_of(what);
  auto claim = co_await claims_.take(part_name, std::move(on_takeover));
  if (!claim) co_return decision{verdict_code::taken_over, "a later offer of this file takes over"};
  if (auto found = co_await compare(what, reading)) co_return std::move(*found);
  co_await contents_.create_directories(folder_of(what.name));
  auto part = co_await contents_.open_part(part_name, what.size, what.kind == file_kind::executable ? 0777 : 0666);
  if (!part)
    co_return decision{verdict_code::cannot_store, "another server process is receiving this file; try again later"};
  auto file = std::make_unique<incoming>(what, std::move(*part), std::move(*claim));
  auto const missing = what.size - file->received();
  if (missing == 0 || co_await folder().free_space() >= missing) co_return std::move(file);
  if (file->received() == 0) co_await contents_.remove(file->part());
  co_return decision{verdict_code::no_space, fmt::format("not enough disk space: {} more bytes are needed", missing)};
}

bool inbox::may_be_unwritten(file_status const& there) const noexcept {
  using clock = std::chrono::system_clock;
  clock::time_point const changed_at{
      std::chrono::duration_cast<clock::duration>(std::chrono::nanoseconds(there.changed_at))};
  return changed_at > opened_at_ - max_unwritten_time &&
         changed_at <= opened_at_;  // this server has synced all later changes
}

task<decision> inbox::finish(incoming& what, mutex& reading) {
  std::error_code failure;
  try {
    if (!what.is_right()) {
      co_await contents_.remove(what.part());
      co_return decision{verdict_code::wrong_contents, "the received data does not match the offered digest"};
    }
    try {
      co_await what.contents().sync();
    } catch (error const& e) {
      failure = e.code();
    }
    // After a failed sync, the kernel may treat the lost data as written, and the next sync may succeed: the part must
    // not be resumed.
    if (failure) {
      co_await contents_.remove(what.part());
      co_return refusal_of(failure);
    }
    if (auto refusal = co_await rename_part(what, reading)) co_return std::move(*refusal);
    co_await sync_folders(folder_of(what.what().name));
    co_return decision{verdict_code::stored, fmt::format("{} bytes", what.what().size)};
  } catch (error const& e) {
    failure = e.code();
  }
  co_return refusal_of(failure);
}

task<std::optional<decision>> inbox::rename_part(incoming& what, mutex& reading) {
  auto const& name = what.what().name;
  auto const replaces = rules_.overwrite == overwrite::never ? if_exists::fail : if_exists::replace;
  for (;;) {
    if (auto refusal = co_await compare(what.what(), reading)) {  // another upload has finished first
      co_await contents_.remove(what.part());
      co_return refusal;
    }
    try {
      co_await contents_.rename(what.part(), name, replaces);
      co_return std::nullopt;
    } catch (error const& e) {
      if (e.code() != std::errc::file_exists) throw;
    }
  }
}

task<> inbox::sync_folders(std::string const& name) {
  for (std::string each = name; each != "."; each = folder_of(each)) co_await folder().sync(each);
  co_await folder().sync();
}

}  // namespace samples::upload
