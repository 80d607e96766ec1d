// Durations and clocks, without the calendars and time zones that make <chrono> slow to compile.
//
// All functions treat durations alike: waiting for a duration of zero or less completes immediately; waiting for an
// infinite duration, or one beyond the range of the clock, never completes. NaN, which only floating-point durations
// can be, is rejected with `std::invalid_argument`. (Options have integral types; each documents what zero means.)
#pragma once

// In libstdc++ since GCC 12, bits/chrono.h contains only durations and clocks. It saves a quarter of a second per
// compiled file. Other libraries have only <chrono>.
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

namespace strait {

/// Makes `5s`, `100ms` and so on available after `using namespace strait;`.
using namespace std::chrono_literals;

}  // namespace strait
