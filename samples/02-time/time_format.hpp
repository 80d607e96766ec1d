// time_format: formats a time in the local time zone.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

enum class time_format {
  ctime,  ///< "Sun Jun 20 23:21:05 1993", like Python's time.ctime(), but in English in every locale
  iso,    ///< "1993-06-20T23:21:05+02:00": ISO 8601 with the offset from UTC
  epoch,  ///< "740611265": seconds since 1970-01-01 00:00 UTC
};

/// Formats `when`, rounded down to a second. The environment variable TZ overrides the system's time zone.
[[nodiscard]] std::string to_text(std::chrono::system_clock::time_point when, time_format format);

/// Whether `text` is a time in one of these formats, optionally followed by a line ending. Recognizes every result of
/// `to_text` up to the year 9999.
[[nodiscard]] bool is_time(std::string_view text) noexcept;
