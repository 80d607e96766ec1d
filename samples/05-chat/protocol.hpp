// The protocol of chat_server and chat_client: lines of UTF-8 that end with LF or CR LF, and these constants.
#pragma once

#include <cstddef>
#include <string_view>

/// The maximum size in bytes of a line from a client, without its line ending.
inline constexpr std::size_t longest_line = 1000;
/// The maximum size in bytes of a line from the server: a name and a line in which all bytes are escaped.
inline constexpr std::size_t longest_message = 8 * 1024;

/// The room that new users enter by default.
inline constexpr std::string_view lobby = "lobby";

/// The beginning of the line by which the server confirms the name and the room.
inline constexpr std::string_view arrival = "* you are in ";

/// The beginning of the last line before the server closes a connection normally.
inline constexpr std::string_view farewell = "* bye";
