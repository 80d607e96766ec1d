// time_format: a moment as text, in local time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

enum class time_format {
  ctime,  ///< "Sun Jun 20 23:21:05 1993": as Python's time.ctime() writes it, in English whatever the locale
  iso,    ///< "1993-06-20T23:21:05+02:00": ISO 8601, with the distance from UTC
  epoch,  ///< "740611265": seconds since 1970 began in UTC
};

/// Local time is what the environment's TZ says, or else the system. Fractions of a second are dropped.
[[nodiscard]] std::string to_text(std::chrono::system_clock::time_point when, time_format format);

/// Whether `text` has one of these forms, with or without the end of a line: every `to_text` of a year up to 9999 has.
[[nodiscard]] bool is_time(std::string_view text) noexcept;
