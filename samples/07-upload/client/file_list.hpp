// file_list: the files that a client is to send, from what its user has named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/upload_protocol.hpp"
#include "strait/core/task.hpp"

namespace samples::upload {

struct listed_file {
  std::string path;  ///< where it is here
  std::string name;  ///< where it is to go
  file_kind kind = file_kind::regular;
  std::uint64_t size = 0;  ///< in bytes
};

struct file_list {
  std::vector<listed_file> files;
  std::vector<std::string> complaints;  ///< of each that cannot be sent, a line
};

/// The files in `paths`, and in the folders among them, in order of their names. A file's name is its path from the
/// folder in which what was named is: photos/a.jpg is in /home/me/photos/; "." and ".." have no name. Empty folders are
/// listed, too. What is named may be a symbolic link; in folders, links to files are followed, those to folders are
/// not. All names begin with `into` and a slash, if that is not empty. No name is listed twice.
[[nodiscard]] strait::task<file_list> list_files(std::vector<std::string> paths, std::string into);

/// The name of what a user has called `path`: its last part; nothing for ".", ".." and "/".
[[nodiscard]] std::string_view last_part(std::string_view path) noexcept;

}  // namespace samples::upload
