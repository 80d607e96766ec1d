// What the chat's server and client agree on, besides lines of UTF-8 that end with LF or CR LF.
#pragma once

#include <cstddef>
#include <string_view>

/// In bytes, without its end: what a client may send.
inline constexpr std::size_t longest_line = 1000;
/// What a server may send: a name, and a line in which all bytes are escaped.
inline constexpr std::size_t longest_message = 8 * 1024;

/// Where who does not say otherwise comes in.
inline constexpr std::string_view lobby = "lobby";

/// With this begins the line that tells a client where it is, once it has a name.
inline constexpr std::string_view arrival = "* you are in ";

/// With this begins the last line of a connection that the server ends in order.
inline constexpr std::string_view farewell = "* bye";
