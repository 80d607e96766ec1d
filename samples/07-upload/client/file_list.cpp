#include "client/file_list.hpp"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "protocol/file_names.hpp"
#include "strait/io/directory.hpp"
#include "strait/io/file.hpp"
#include "text/utf8.hpp"

using namespace strait;

namespace samples::upload {
namespace {

std::string joined(std::string_view folder, std::string_view name) {
  if (folder.empty() || name.empty()) return fmt::format("{}{}", folder, name);
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

file_kind kind_of(file_status const& found) noexcept {
  constexpr unsigned by_somebody = 0111;
  return (found.permissions & by_somebody) != 0 ? file_kind::executable : file_kind::regular;
}

/// Collects the list. The coroutines take strings by value, because they outlive the caller's strings.
class walk {
 public:
  task<> add_named(std::string path, std::string name) {
    auto const found = co_await look_at(path);
    if (!found) co_return;
    if (found->is_directory()) co_await add_folder(std::move(path), std::move(name));
    else add_file(std::move(path), std::move(name), *found);
  }

  file_list take() { return std::move(list_); }

 private:
  task<std::optional<file_status>> look_at(std::string path) {
    try {
      co_return co_await status_of(std::move(path));
    } catch (error const& e) {
      report_error(e.what());
      co_return std::nullopt;
    }
  }

  task<> add_folder(std::string path, std::string name) {
    std::vector<directory_entry> entries;
    try {
      auto const folder = co_await open_directory(path);
      entries = co_await folder.entries();
    } catch (error const& e) {
      report_error(e.what());
      co_return;
    }
    if (entries.empty() && !name.empty()) add({.path = path, .name = name, .kind = file_kind::directory, .size = 0});
    for (auto const& entry : entries) {
      auto const inner = joined(path, entry.name);
      auto const inner_name = joined(name, entry.name);
      if (entry.type == file_status::kind::directory) co_await add_folder(inner, inner_name);
      else co_await add_entry(inner, inner_name);
    }
  }

  /// Adds an entry of a folder that is not a folder itself.
  task<> add_entry(std::string path, std::string name) {
    auto const found = co_await look_at(path);
    if (!found) co_return;
    if (found->is_directory()) report_error(fmt::format("{}: symbolic links to folders are not followed", path));
    else add_file(std::move(path), std::move(name), *found);
  }

  void add_file(std::string path, std::string name, file_status const& found) {
    if (!found.is_regular()) report_error(fmt::format("{}: not a file or folder", path));
    else add({.path = std::move(path), .name = std::move(name), .kind = kind_of(found), .size = found.size});
  }

  void add(listed_file file) {
    if (auto const wrong = check_name(file.name)) {
      report_error(fmt::format("{}: {}", file.path, *wrong));
      return;
    }
    auto const [found, is_new] = names_.emplace(file.name, file.path);
    if (is_new) list_.files.push_back(std::move(file));
    else if (found->second != file.path)
      report_error(fmt::format("{}: {} has the same name on the server, {}", file.path, found->second, file.name));
  }

  void report_error(std::string const& line) { list_.errors.push_back(printable(line)); }

  file_list list_;
  std::map<std::string, std::string> names_;  // names and their paths
};

}  // namespace

std::string_view last_part(std::string_view path) noexcept {
  while (path.ends_with('/')) path.remove_suffix(1);
  auto const name = path.substr(path.rfind('/') + 1);
  return name == "." || name == ".." ? std::string_view() : name;
}

task<file_list> list_files(std::vector<std::string> paths, std::string into) {
  walk all;
  for (auto const& path : paths) co_await all.add_named(path, joined(into, last_part(path)));
  co_return all.take();
}

}  // namespace samples::upload
