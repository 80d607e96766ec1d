// file_list: the files to upload, from the paths on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/upload_protocol.hpp"
#include "strait/core/task.hpp"

namespace samples::upload {

struct listed_file {
  std::string path;  ///< the local path
  std::string name;  ///< the name on the server
  file_kind kind = file_kind::regular;
  std::uint64_t size = 0;  ///< in bytes
};

struct file_list {
  std::vector<listed_file> files;
  std::vector<std::string> errors;  ///< one line for each path that cannot be uploaded
};

/// Lists the files in `paths` and in the folders among them, in alphabetical order. The name of a file starts with the
/// last part of the path in `paths`: /home/me/photos/ yields names such as photos/a.jpg; "." and ".." add nothing to
/// the name. Empty folders are listed, too. Symbolic links in `paths` are followed; within folders, only links to files
/// are. All names begin with `into` and a slash if `into` is not empty. No name is listed twice.
[[nodiscard]] strait::task<file_list> list_files(std::vector<std::string> paths, std::string into);

/// Returns the last part of `path`; nothing for ".", ".." and "/".
[[nodiscard]] std::string_view last_part(std::string_view path) noexcept;

}  // namespace samples::upload
