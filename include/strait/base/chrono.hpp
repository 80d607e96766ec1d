// Durations and clocks, without the calendars and time zones that make <chrono> the slowest header of all.
//
// Durations have one meaning in this library: a wait for zero or less is over at once, and one that is infinite or too
// long for the clock never ends. A NaN, possible only for floating-point types, is refused with
// `std::invalid_argument`. (Options are in whole nanoseconds, milliseconds or seconds; each says what zero means.)
#pragma once

// libstdc++ keeps this half in a header of its own, which its other headers include. It saves a quarter of a second
// with every compilation of a user's file. (GCC 12: bits/chrono.h; where there is none, <chrono> it is.)
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

namespace strait {

/// `using namespace strait;` brings `5s`, `100ms`, … with it.
using namespace std::chrono_literals;

}  // namespace strait
