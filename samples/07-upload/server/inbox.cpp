#include "server/inbox.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include "protocol/file_digest.hpp"
#include "protocol/file_names.hpp"

using namespace strait;

namespace samples::upload {
namespace {

namespace fs = std::filesystem;

constexpr auto between_cleanings = std::chrono::hours(1);
// By then a system has written by itself what it has in memory.
constexpr auto unwritten_at_most = std::chrono::minutes(5);

std::int64_t now() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// "a/b" of "a/b/c"; "." of "c".
std::string folder_of(std::string const& name) {
  auto const slash = name.rfind('/');
  return slash == name.npos ? "." : name.substr(0, slash);
}

/// Beside the file itself, so that it can be renamed; and of its own for each contents, so that nobody goes on with
/// somebody else's.
std::string part_name_of(offer const& what) {
  auto const slash = what.name.rfind('/');
  auto const leaf = slash == what.name.npos ? 0 : slash + 1;
  digester key;
  key.update(const_buffer(what.name.data() + leaf, what.name.size() - leaf));
  key.update(const_buffer(what.digest));
  key.update(const_buffer(&what.size, sizeof what.size));
  return fmt::format("{}{}{}", what.name.substr(0, leaf), reserved_prefix, to_hex(key.value()));
}

bool is_missing(error const& e) { return e.code() == std::errc::no_such_file_or_directory; }

/// Unless somebody is writing to it, in this process or another.
void remove_unused(fs::path const& part) {
  file held(::open(part.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC), part);
  if (held.is_open() && held.try_lock()) ::unlink(part.c_str());
}

}  // namespace

decision refusal_of(std::error_code const& why) {
  if (why == std::errc::no_space_on_device || why == std::errc::file_too_large || why.value() == EDQUOT)
    return {verdict_code::no_space, error(why, "there is no room for it").what()};
  if (why == std::errc::not_a_directory || why == std::errc::too_many_symbolic_link_levels ||
      why == std::errc::cross_device_link)
    return {verdict_code::exists, "a part of its path is a file or a symbolic link"};
  if (why == std::errc::is_a_directory || why == std::errc::directory_not_empty)
    return {verdict_code::exists, "a folder of this name is there"};
  return {verdict_code::cannot_store, error(why, "it cannot be stored").what()};
}

inbox::inbox(directory folder, inbox_rules const& rules) noexcept
    : folder_(std::move(folder)), rules_(rules), next_cleaning_(now()) {}

task<std::unique_ptr<inbox>> inbox::open(std::string path, inbox_rules rules) {
  auto const make = [&] {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed && !fs::is_directory(path)) throw error(failed, fmt::format("make {}", path));
  };
  co_await on_thread_pool(make);
  auto folder = co_await open_directory(path);
  std::unique_ptr<inbox> made(new inbox(std::move(folder), rules));
  co_await made->remove_old_parts();
  auto const count = [&] { made->space_.add(made->clean_up()); };
  co_await on_thread_pool(count);
  co_return made;
}

std::uint64_t inbox::clean_up() const {
  std::uint64_t used = 0;
  auto const oldest = fs::file_time_type::clock::now() - rules_.keep_parts;
  std::error_code gone;  // meanwhile
  for (fs::recursive_directory_iterator each(folder_.name(), fs::directory_options::skip_permission_denied), last;
       each != last; each.increment(gone)) {
    if (!fs::is_regular_file(each->symlink_status(gone))) continue;
    bool const is_part = each->path().filename().native().starts_with(reserved_prefix);
    if (is_part && each->last_write_time(gone) < oldest) remove_unused(each->path());
    if (auto const size = each->file_size(gone); !gone) used += size;
  }
  return used;
}

task<> inbox::remove_old_parts() {
  auto due = next_cleaning_.load();
  auto const next = now() + std::chrono::nanoseconds(between_cleanings).count();
  if (now() < due || !next_cleaning_.compare_exchange_strong(due, next)) co_return;
  auto const work = [&] { clean_up(); };
  co_await on_thread_pool(work);
}

task<std::variant<decision, std::unique_ptr<incoming>>> inbox::consider(offer const& what,
                                                                        std::function<void()> on_takeover) {
  if (auto const wrong = check_name(what.name)) co_return decision{verdict_code::bad_name, *wrong};
  std::error_code failure;
  try {
    if (what.kind == file_kind::directory) co_return co_await make_folder(what.name);
    if (what.size > rules_.max_file_size)
      co_return decision{verdict_code::too_large,
                         fmt::format("{} bytes are too many: {} is the limit", what.size, rules_.max_file_size)};
    co_return co_await prepare(what, std::move(on_takeover));
  } catch (error const& e) {
    failure = e.code();
  }
  co_return refusal_of(failure);
}

task<decision> inbox::make_folder(std::string const& name) {
  try {
    auto const there = co_await folder_.status(name);
    if (!there.is_directory()) co_return decision{verdict_code::exists, "a file of this name is there"};
    if (may_be_unwritten(there)) co_await sync_folders(name);
    co_return decision{verdict_code::already_there, "a folder"};
  } catch (error const& e) {
    if (!is_missing(e)) throw;
  }
  co_await folder_.make_directories(name);
  co_await sync_folders(name);
  co_return decision{verdict_code::stored, "a folder"};
}

task<std::optional<decision>> inbox::compare(offer const& what) {
  file_status there;
  try {
    there = co_await folder_.status(what.name);
  } catch (error const& e) {
    if (is_missing(e)) co_return std::nullopt;
    throw;
  }
  if (there.is_directory()) co_return decision{verdict_code::exists, "a folder of this name is there"};
  if (!there.is_regular())
    co_return decision{verdict_code::exists, "something of this name is there that is not a file"};
  if (there.size == what.size) {
    auto old = co_await folder_.open_file(what.name);
    digester contents;
    co_await add_range(contents, old, 0, there.size);
    if (contents.value() == what.digest) {
      if (may_be_unwritten(there)) {
        co_await old.sync();
        co_await sync_folders(folder_of(what.name));
      }
      co_return decision{verdict_code::already_there, fmt::format("{} bytes", what.size)};
    }
  }
  if (rules_.overwrite == overwrite::never)
    co_return decision{verdict_code::exists, "another file of this name is there"};
  if (rules_.overwrite == overwrite::same_size && there.size != what.size)
    co_return decision{verdict_code::exists,
                       fmt::format("a file of this name and another size, {} bytes, is there", there.size)};
  co_return std::nullopt;
}

task<std::variant<decision, std::unique_ptr<incoming>>> inbox::prepare(offer const& what,
                                                                       std::function<void()> on_takeover) {
  auto const part_name = part_name_of(what);
  auto claim = co_await claims_.take(part_name, std::move(on_takeover));
  if (auto found = co_await compare(what)) co_return std::move(*found);
  co_await folder_.make_directories(folder_of(what.name));
  open_options options;
  options.access = file_access::read_write;
  options.creation = file_creation::if_missing;
  options.permissions = what.kind == file_kind::executable ? 0777 : 0666;
  auto part = co_await folder_.open_file(part_name, options);
  if (!part.try_lock())
    co_return decision{verdict_code::cannot_store, "another server works on it; it can be tried again"};

  auto const received = (co_await part.status()).size;  // no more than are wanted: so many go into its name
  auto const missing = what.size - received;
  bool const has_quota = space_.reserve(missing, rules_.quota);
  bool const has_room = !has_quota || missing == 0 || co_await folder_.free_space() >= missing;
  if (has_quota && has_room) {
    co_return std::make_unique<incoming>(what, part_name, std::move(part), received, std::move(claim), space_);
  }
  if (has_quota) space_.release(missing);
  if (received == 0) co_await folder_.remove(part_name);
  if (!has_quota)
    co_return decision{verdict_code::too_large, fmt::format("the quota of {} bytes is used up", rules_.quota)};
  co_return decision{verdict_code::no_space, fmt::format("there is no room for it: the disk lacks {} bytes", missing)};
}

bool inbox::may_be_unwritten(file_status const& there) const noexcept {
  using clock = std::chrono::system_clock;
  clock::time_point const changed_at{
      std::chrono::duration_cast<clock::duration>(std::chrono::nanoseconds(there.changed_at))};
  return changed_at > opened_at_ - unwritten_at_most && changed_at <= opened_at_;  // since then we sync by ourselves
}

task<> inbox::discard(incoming& what) {
  co_await folder_.remove(what.part_name());
  what.part_is_gone(what.what().size);
}

task<decision> inbox::keep(incoming& what) {
  std::error_code failure;
  try {
    if (!what.is_right()) {
      co_await discard(what);
      co_return decision{verdict_code::wrong_contents, "what has come has not the digest that was offered"};
    }
    try {
      co_await what.part().sync();
    } catch (error const& e) {
      failure = e.code();
    }
    // What could not be written may count as written from now on, and the next sync succeed: nobody may go on with it.
    if (failure) {
      co_await discard(what);
      co_return refusal_of(failure);
    }
    if (auto refusal = co_await put_in_place(what)) co_return std::move(*refusal);
    co_await sync_folders(folder_of(what.what().name));
    co_return decision{verdict_code::stored, fmt::format("{} bytes", what.what().size)};
  } catch (error const& e) {
    failure = e.code();
  }
  co_return refusal_of(failure);
}

task<std::optional<decision>> inbox::put_in_place(incoming& what) {
  auto const& name = what.what().name;
  auto const replaces = rules_.overwrite == overwrite::never ? replacement::refused : replacement::allowed;
  for (;;) {
    if (auto refusal = co_await compare(what.what())) {  // somebody else has been faster
      co_await discard(what);
      co_return refusal;
    }
    std::uint64_t replaced = 0;
    if (replaces == replacement::allowed) {
      try {
        replaced = (co_await folder_.status(name)).size;
      } catch (error const& e) {
        if (!is_missing(e)) throw;
      }
    }
    try {
      co_await folder_.rename(what.part_name(), name, replaces);
      what.part_is_gone(replaced);
      co_return std::nullopt;
    } catch (error const& e) {
      if (e.code() != std::errc::file_exists) throw;
    }
  }
}

task<> inbox::sync_folders(std::string const& name) {
  for (std::string folder = name; folder != "."; folder = folder_of(folder)) co_await folder_.sync(folder);
  co_await folder_.sync();
}

}  // namespace samples::upload
